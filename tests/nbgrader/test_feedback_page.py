"""The feedback page: what it tells, that it is readable, and that it runs and loads nothing, whoever wrote what is on it."""

from __future__ import annotations

import copy
import json
import re
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from traitlets.config import Config

from autograder.gradebook import autograded_notebook as autograded
from autograder.gradebook import feedback, feedback_page, markup
from autograder.gradebook.final_marks import FinalMarks, Mark, Remark
from autograder.model.cells import Printed
from autograder.model.course import PACKAGE, find_course, grade_id
from autograder.model.results import AspectResult, ExerciseResult, MisconceptionFound, SubmissionResult, TestResult, exercise_to_json

LECTURE, SLUG, WRITTEN = "03_initialization", "initialization", "written_symmetry"
COURSE = find_course(PACKAGE)


def failed(name, score, maximum, message="wrong", **more):
    """Return the result of an exercise whose second aspect failed."""
    tests = (
        TestResult("Shapes are right.", "passed", "", 1.0, "shapes"),
        TestResult("Values are right.", "failed", message, 1.0, "values"),
    )
    aspects = (AspectResult("shapes", score, maximum / 2), AspectResult("values", 0.0, maximum / 2))
    return ExerciseResult(name, score, maximum, "failed", tests, aspects=aspects, **more)


SWAPPED = MisconceptionFound("swapped", "The fans are swapped", "You read `shape` backwards.", "03 §2", ("values",))


def soup_of(page):
    return BeautifulSoup(page, "html.parser")


def table_of(page):
    """Return the rows of the table: texts of the cells."""
    return [[" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])] for row in soup_of(page).select("#summary tr")]


@pytest.fixture
def release(pristine):
    return pristine.released


@pytest.fixture
def page_of(release):
    """Return what makes a page of a result, a hand-in and marks."""

    def page(exercises=(), handed_in=None, cells=None, remarks=None, problems=(), graded=True, printed=(), **more):
        result = SubmissionResult("ann", LECTURE, "x", tuple(exercises), problems, printed, graded)
        notebook = nbformat.from_dict(autograded.build(release, handed_in or release, result))
        marks = FinalMarks(cells or {f"test_{one.name}": Mark(one.max_score, one.score) for one in exercises}, remarks or {}, **more)
        return feedback_page.page(notebook, "ann", LECTURE, marks)

    return page


# --- as nbgrader makes it ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def returned(new_folder):
    """A class with a late, a broken and a manually graded hand-in, and the pages that ``nbgrader generate_feedback`` made of it."""
    folder = new_folder("returned", database=True)
    with open(folder.path / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    right = {name: folder.answer(name) for name in ("fans", "glorot_normal")}
    folder.hand_in("ann", folder.notebook({**right, WRITTEN: "They stay alike. <b onclick=alert(1)>Always</b>: $x^2$."}))
    one_fan = folder.answer("glorot_normal", "    return rng.normal(0.0, np.sqrt(1 / fan_in), (fan_in, fan_out))")
    folder.hand_in("eve", folder.notebook({**right, "glorot_normal": one_fan}))
    folder.hand_in("lea", folder.notebook(right), timestamp="2026-03-03 09:30:00 UTC")
    folder.hand_in("gus", '{"cells": [<script>alert(2)</script>')
    book = folder.gradebook()
    book.update_or_create_assignment(LECTURE, duedate=datetime(2026, 3, 2))
    book.close()
    folder.grade()
    book = folder.gradebook()
    grade = book.find_grade(WRITTEN, SLUG, LECTURE, "ann")
    grade.manual_score, grade.needs_manual_grade = 1.5, False
    book.find_grade("test_glorot_normal", SLUG, LECTURE, "eve").extra_credit = 0.5
    book.find_comment(WRITTEN, SLUG, LECTURE, "ann").manual_comment = "Say **why** <script>alert(3)</script>"
    book.db.commit()
    book.close()
    statuses, said = folder.nbgrader(["generate_feedback", LECTURE])
    assert statuses == [0] and "Traceback" not in said, said
    return folder


def test_table(returned):
    """Exercise, points, what to look at; the written answer, too; and the sum."""
    head, fans, glorot, written, total = table_of(returned.feedback("ann"))
    assert head == ["Exercise", "Points", "What to look at"]
    assert fans == ["✓ all points: fans", "3 of 3", "All hidden tests passed."]
    assert written == ["◐ a part of the points: written symmetry", "1.5 of 2", "See your instructor's comment."]
    assert total[:2] == ["Total", "11.5 of 12"] and glorot[1] == "7 of 7"
    _, _, glorot, written, *_ = table_of(returned.feedback("eve"))
    assert written == ["– not attempted: written symmetry", "0 of 2", "No response."]
    assert glorot[0] == "◐ a part of the points: glorot_normal" and glorot[2] == "Only the fan-in is counted."


def test_manual_points_and_comments(returned):
    page = returned.feedback("ann")
    assert "Points given by a person: 1.5" in page and "Say <strong>why</strong> &lt;script&gt;alert(3)" in page
    assert "Extra credit: 0.5" in returned.feedback("eve")


def test_late(returned):
    """With nbgrader's penalty, which takes all here."""
    page = returned.feedback("lea")
    assert ["Late submission", "−10", ""] in table_of(page) and table_of(page)[-1][1] == "0 of 12"
    assert "after the deadline of 2026-03-02 00:00 UTC" in page


def test_not_gradable(returned):
    page = returned.feedback("gus")
    assert "This notebook could not be graded" in page and table_of(page)[1][1:] == ["0 of 3", "Could not be graded."]


def test_answer_is_shown_as_text_and_formulas_as_mathml(returned):
    page = returned.feedback("ann")
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in page.replace("<mrow>", "").replace("</mrow>", "")
    assert "&lt; b onclick=alert(1)&gt;Always" in page


@pytest.mark.parametrize("student", ["ann", "eve", "lea", "gus"])
def test_pages_are_accessible_run_nothing_and_load_nothing(returned, student):
    check_page(returned.feedback(student))


# --- what is on it -----------------------------------------------------------------------------------------------------------


def test_section(page_of):
    """The answer, the aspects with points, misconception with explanation and section, and what was left aside."""
    found = failed("glorot_normal", 2.0, 7.0, misconception=SWAPPED, follow_through=("fans",))
    page = page_of([failed("fans", 1.0, 3.0), found], printed=(Printed("fans", "called\n"),))
    fans, glorot = soup_of(page).select("section[aria-labelledby^=exercise]")[:2]
    assert fans.h2.get_text() == "fans" and "def fans(shape):" in fans.get_text() and "called" in fans.get_text()
    text = glorot.get_text(" ")
    assert [fans.h2["id"], glorot.h2["id"]] == ["exercise-fans", "exercise-glorot_normal"]  # the report's links lead there
    assert "2 of 7 points" in text and "values · 0.00 of 3.50" in re.sub(r"\s+", " ", text)
    assert "The fans are swapped" in text and "See 03 §2." in text and "Judged with a right fans" in re.sub(r"\s+", " ", text)
    assert [row[2] for row in table_of(page)[1:3]] == ["values: Values are right.", "The fans are swapped."]


@pytest.mark.parametrize(
    ("mark", "sign", "points", "look_at"),
    [
        (Mark(2.0, None, None, None, True), "…", "– of 2", "Waits for a person."),
        (Mark(2.0, 0.0), "✗", "0 of 2", ""),
        (Mark(2.0, None, 2.0, 0.5), "✓", "2.5 of 2", ""),
        (Mark(2.0, None, 1.0, None, True), "◐", "1 of 2", "Waits for a person to look at it again."),
    ],
)
def test_written_answers(page_of, mark, sign, points, look_at):
    row = next(row for row in table_of(page_of(cells={WRITTEN: mark})) if "symmetry" in row[0])
    assert row[0].startswith(sign) and row[1:] == [points, look_at]


def test_the_question_names_the_written_answer(release):
    """Where the notebook has a heading above it."""
    release["cells"].insert(-1, {"cell_type": "markdown", "id": "q", "metadata": {}, "source": "# §8 Why not $0$?\n\nSay why."})
    page = feedback_page.page(release, "ann", LECTURE, FinalMarks())
    assert soup_of(page).select("section h2")[-1].get_text() == "§8 Why not 0?"


def test_where_to_read_is_a_link(release, page_of):
    """To the section of this lecture, in the folded text; a section that isn't on the page, or of another lecture, is none."""
    release["cells"].insert(1, {"cell_type": "markdown", "id": "s", "metadata": {}, "source": "## §2 Fans\n\n## §2 Again"})
    see = [MisconceptionFound("x", "x", "x", see) for see in ("03 §2", "03 §22", "02 §2")]
    page = page_of([failed("fans", 1.0, 3.0, misconception=see[0], also=tuple(see[1:]))])
    (link,) = soup_of(page).find_all("a", href="#section-2")
    assert link.get_text() == "03 §2" and soup_of(page).find(id="section-2").get_text() == "§2 Fans"
    check_page(page)


def test_not_attempted(page_of):
    tests = (TestResult("Shapes are right.", "failed", "it still raises", 1.0),)
    page = page_of([ExerciseResult("fans", 0.0, 3.0, "not_attempted", tests)])
    assert table_of(page)[1] == ["– not attempted: fans", "0 of 3", "Not attempted."]


def test_the_lecture_is_folded(page_of):
    """All text of the lecture is inside of details; answers aren't."""
    soup = soup_of(page_of([failed("fans", 1.0, 3.0)]))
    assert all(heading.find_parent("details") for heading in soup.find_all(string="Initialization") if heading.parent.name != "summary")
    answers = [block for block in soup.find_all("pre") if "def " in block.get_text()]
    assert len(answers) == 2 and not [block for block in answers if block.find_parent("details")]
    assert "Initialization" in soup.select_one("details.fold summary").get_text()


def test_without_our_data(release):
    """A notebook that nbgrader graded by itself: the text of its outputs, the gradebook's comments, and no hidden code."""
    for cell in release["cells"]:
        if grade_id(cell) == "test_fans":
            cell["source"] = "check(fans)\n### BEGIN HIDDEN TESTS\nassert fans((2, 3)) == (2, 3)\n### END HIDDEN TESTS"
            cell["outputs"] = [
                {"output_type": "display_data", "data": {"text/html": "<script>alert(1)</script>", "text/plain": "✗ fans"}, "metadata": {}},
                {"output_type": "error", "ename": "AssertionError", "evalue": "wrong", "traceback": ["----> 1 assert fans((2, 3))"]},
            ]
        if grade_id(cell) == WRITTEN:
            cell["source"] = "Because.\n\n=== BEGIN MARK SCHEME ===\nneurons stay alike\n=== END MARK SCHEME ==="
    marks = FinalMarks({"test_fans": Mark(3.0, 1.0), WRITTEN: Mark(2.0, None, 1.0)}, {"fans": Remark("Look *again*.\n\nThere.")})
    page = feedback_page.page(nbformat.from_dict(release), "ann", LECTURE, marks)
    assert table_of(page)[1] == ["◐ a part of the points: fans", "1 of 3", "Look *again*."]
    assert "✗ fans" in page and "AssertionError: wrong" in page and "Look <em>again</em>." in page
    assert not re.search("HIDDEN|BEGIN|stay alike|assert fans|alert", page)
    check_page(page)


@pytest.mark.parametrize(
    "forged",
    [
        None,
        7,
        [],
        {"name": "fans"},
        {"name": 3, "score": "x", "max_score": None, "status": [], "tests": [], "misconception": None, "aspects": [], "also": []},
        {
            "name": "fans",
            "score": 1,
            "max_score": 3,
            "status": "passed",
            "tests": [{"name": {}}],
            "misconception": 1,
            "aspects": 2,
            "also": 3,
        },
    ],
)
@pytest.mark.parametrize("as_it_is", [True, False], ids=["as it is", "as JSON"])
def test_data_of_another_form(release, forged, as_it_is):
    """Is left out; the page is made."""
    data = forged if as_it_is else json.dumps(forged)
    for cell in release["cells"]:
        if grade_id(cell) == "test_fans":
            cell["outputs"] = [{"output_type": "display_data", "data": {feedback.DATA: data, "text/plain": "told"}, "metadata": {}}]
        cell["metadata"][autograded.PROBLEMS] = {"said": forged}
    check_page(feedback_page.page(nbformat.from_dict(release), "ann", LECTURE, FinalMarks()))
    for cell in release["cells"]:
        del cell["metadata"][autograded.PROBLEMS]
    assert "told" in feedback_page.page(nbformat.from_dict(release), "ann", LECTURE, FinalMarks())


def test_other_courses_notebooks():
    """Tests that aren't called after the function, several for one function, and a task: each has a place and its points."""

    def cell(kind, name, source="x = 1", **nbgrader):
        metadata = {"nbgrader": {"grade_id": name, "grade": False, "solution": False, "task": False, **nbgrader}}
        return {"cell_type": kind, "id": name, "metadata": metadata, "source": source, **({"outputs": []} if kind == "code" else {})}

    cells = [
        cell("code", "alone", grade=True),
        cell("code", "squares", solution=True),
        cell("code", "correct", grade=True),
        cell("code", "raises", grade=True),
        cell("markdown", "plot", "Draw it.", task=True),
    ]
    marks = FinalMarks({"alone": Mark(1, 1), "correct": Mark(1, 1), "raises": Mark(2, 0), "plot": Mark(3, None, None, None, True)})
    page = feedback_page.page({"cells": cells}, "ann", "ps1", marks)
    assert [row[1] for row in table_of(page)[1:]] == ["1 of 1", "1 of 3", "– of 3", "2 of 7"]
    check_page(page)


# --- assignments without a hidden suite -----------------------------------------------------------------------------------------

TESTS = """assert add(1, 1) == 2
for a in (1, 2):
    assert add(
        a, 3
    ) == a + 3
### BEGIN HIDDEN TESTS
assert add(5, 0) == 5, "five"
assert add(9, 0) == 9
### END HIDDEN TESTS
assert add(4, 4) == 8"""


def own(kind, name, source="", outputs=(), **nbgrader):
    """Return a cell of an assignment that its own test cells grade."""
    metadata = {"nbgrader": {"grade_id": name, "grade": False, "solution": False, "task": False, **nbgrader}} if name else {}
    more = {"outputs": list(outputs), "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": name or "x", "metadata": metadata, "source": source, **more}


def raised(line, text, evalue="", before=()):
    """Return an error as IPython puts it out, with colours; `before` are lines of other cells' frames."""
    frames = ["\x1b[36mCell\x1b[39m In[3]", *before, f"\x1b[32m----> \x1b[39m\x1b[32m{line}\x1b[39m {text}", "      9 not this line"]
    return {"output_type": "error", "ename": "AssertionError", "evalue": evalue, "traceback": frames}


def own_page(*cells, config=None, **points):
    marks = FinalMarks({name: Mark(*given) for name, given in points.items()})
    page = feedback_page.page(nbformat.from_dict({"cells": list(cells)}), "ann", "ps1", marks, config)
    check_page(page)
    return page


@pytest.mark.parametrize(
    ("error", "look_at", "shown"),
    [
        (raised(1, "assert add(1, 1) == 2"), "AssertionError: assert add(1, 1) == 2", "assert add(1, 1) == 2"),
        (raised(3, "    assert add("), "AssertionError: assert add(", "a, 3\n    ) == a + 3"),
        (raised(10, "assert add(4, 4) == 8", "no"), "AssertionError: no", "assert add(4, 4) == 8"),
        (
            raised(10, "assert add(4, 4) == 8", before=["----> 1 assert add(9, 0) == 9"]),
            "AssertionError: assert add(4, 4) == 8",
            "add(4, 4)",
        ),
        (raised(7, 'assert add(5, 0) == 5, "five"', "five"), "In a hidden test: AssertionError: five", ""),
        (raised(8, "assert add(9, 0) == 9"), "In a hidden test: AssertionError:", ""),
        (raised(1, "assert add(9, 0) == 9"), "AssertionError:", ""),
        ({**raised(1, ""), "traceback": [None, 7]}, "AssertionError:", ""),
        ({**raised(1, ""), "traceback": None}, "AssertionError:", ""),
    ],
    ids=[
        "first",
        "of several lines",
        "with a message",
        "in a later frame",
        "hidden",
        "hidden and silent",
        "of another cell",
        "odd",
        "none",
    ],
)
def test_statement_that_failed(error, look_at, shown):
    """Is shown where students were given it, and never a hidden one; a message of a hidden test is meant for them."""
    page = own_page(own("code", "add", "x", solution=True), own("code", "test_add", TESTS, [error], grade=True), test_add=(2, 0))
    assert table_of(page)[1][1:] == ["0 of 2", look_at]
    (section,) = soup_of(page).select("section")
    assert ("This statement failed" in section.get_text()) == (shown != "") and shown in section.get_text()
    assert not re.search(r"add\([59], 0\)|HIDDEN", page)


def test_the_courses_own_marks_of_hidden_lines(monkeypatch):
    """As its configuration has them, in tests and in mark schemes; nbgrader hands it to the exporter."""
    config = Config()
    config.ClearHiddenTests.begin_test_delimeter, config.ClearHiddenTests.end_test_delimeter = "VVV", "^^^"
    config.ClearMarkScheme.begin_mark_scheme_delimeter, config.ClearMarkScheme.end_mark_scheme_delimeter = "(MARKS", "MARKS)"
    tests = "assert 1\n# VVV\nassert secret\n# ^^^"
    cells = (
        own("code", "test_add", tests, [raised(3, "assert secret")], grade=True),
        own("markdown", "plot", "## Draw\n(MARKS\nsecret\nMARKS)\nit.", task=True),
    )
    page = own_page(*cells, config=config)
    assert "secret" not in page and "In a hidden test" in page and "it." in page
    assert "secret" in own_page(*cells), "the test can fail"
    monkeypatch.setattr(feedback_page, "final_marks", lambda *names: FinalMarks())
    resources = {"nbgrader": dict.fromkeys(("db_url", "assignment", "notebook", "student"), "x")}
    notebook = nbformat.v4.new_notebook(cells=nbformat.from_dict(list(cells)))
    exported, _ = feedback_page.FeedbackExporter(config=config).from_notebook_node(notebook, resources)
    assert "secret" not in exported and "In a hidden test" in exported


def test_each_test_cell_has_its_points():
    page = own_page(
        own("code", "squares", "def squares(n): ...", solution=True),
        own("code", "correct", "assert squares(2)", [raised(1, "assert squares(2)")], grade=True),
        own("code", "raises", "assert 1", grade=True),
        own("code", "partly", "0.5", [{"output_type": "execute_result", "data": {"text/plain": "0.5"}, "metadata": {}}], grade=True),
        own("code", "alone", "", solution=True),
        own("code", "test_alone", "assert 1", grade=True),
        **{"correct": (1, 0), "raises": (1, 1), "partly": (1, 0.5), "test_alone": (1, 1)},
    )
    squares, alone = soup_of(page).select("section")
    assert [line.get_text() for line in squares.select(".found p")] == [
        "correct: 0 of 1 points", "This statement failed:", "raises: 1 of 1 points", "partly: 0.5 of 1 points"
    ]  # fmt: skip
    assert not alone.select(".found") and "1 of 1 points" in alone.get_text()


def test_figures_are_shown_up_to_a_size(monkeypatch):
    """Those of answers, of what is folded, and of test cells; nothing but pictures that a browser only shows."""
    figure = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "aGFsbG8=", "text/plain": '<Figure "x">'}}
    vector = {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": "<svg/>", "text/plain": "a drawing"}}
    cells = (
        own("code", "", "plot()", [figure, vector]),
        own("code", "plot", "plot()", [{**figure, "output_type": "execute_result"}], solution=True),
        own("code", "test_plot", "plot()", [figure], grade=True),
    )
    images = soup_of(own_page(*cells, test_plot=(1, 1))).find_all("img")
    assert [image.attrs for image in images] == [{"src": "data:image/png;base64,aGFsbG8=", "alt": '<Figure "x">'}] * 3
    assert "a drawing" in own_page(*cells)
    monkeypatch.setattr(feedback_page, "PICTURES_LENGTH", 20)
    page = own_page(*cells)
    assert len(soup_of(page).find_all("img")) == 2 and "(a picture more)" in page


def test_a_tasks_heading_and_answer():
    """The heading is the task's own; what stands below is the answer, up to the next heading. Names that nbgrader made up aren't shown."""
    page = own_page(
        own("markdown", "cell-938593c4a215c6cc", "## Part E\nDraw it.", task=True),
        own("code", "", "mine = 1", [{"output_type": "stream", "name": "stdout", "text": "drawn"}]),
        own("markdown", "", "My words."),
        own("markdown", "", "## Part F"),
        own("code", "cell-0123456789abcdef", "last = 1", solution=True),
        own("code", "cell-0123456789abcdee", "assert 1", grade=True),
    )
    task, code = soup_of(page).select("section")
    assert [section.h2.get_text() for section in (task, code)] == ["Part E", "Part F"]
    assert "mine = 1" in task.get_text() and "drawn" in task.get_text() and "My words." in task.get_text() and not task.details
    assert task.h3.get_text() == "The task, and your answer" and "last = 1" in code.get_text()


# --- attacks -----------------------------------------------------------------------------------------------------------------

EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)><img src='https://example.org/x.png'>",
    "</pre></code></details></section></main><h1>All points</h1><iframe src=//example.org></iframe>",
    "<svg/onload=alert(1)><math href='javascript:alert(1)'><style>body{display:none}</style><link rel=stylesheet href=//example.org>",
    "[x](javascript:alert(1)) ![x](https://example.org/x.png) ![x](data:image/svg+xml;base64,PHN2Zy8+) [y](data:text/html,<script>)",
    r"$\href{javascript:alert(1)}{x}$ $\text{<img src=x onerror=alert(1)>}$ $\unicode{x3c}script\unicode{x3e}$ $\style{x:url(//e)}{y}$",
    '<a title="\n\n$\\text{" onmouseover=alert(1) x="}$\n\n">',
    '![$$\\text{" onerror=alert(1) x="} \\tag{" onclick=alert(1)}$$](attachment:p.png)',
    "<a id=summary name=exercise-1 class=hidden style='position:fixed;inset:0' href='https://example.org' target=_top>x</a><base href=//e>",
    "<details open ontoggle=alert(1)><summary>x</summary><form action=//e><input autofocus onfocus=alert(1)></form>",
    "<!--><img src=x onerror=alert(1)>--> <![CDATA[<script>alert(1)</script>]]>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "\ue0000\ue001 \ue0009\ue001 \x00\x1b[31m $x$",
    "$\\newcommand{\\a}{aaaaaaaaaa}\\newcommand{\\b}{\\a\\a\\a\\a\\a\\a\\a\\a}\\b$ $" + "{" * 3000 + "$ " + "[" * 2000 + "> " * 500,
    "{{ 7 * 7 }} {% raw %} {{ section.name }}",
]


def check_page(page):
    """Assert that a page runs nothing, loads nothing, and has the structure that a screen reader needs."""
    soup = soup_of(page)
    assert not soup.find_all(["script", "iframe", "object", "embed", "link", "base", "form", "input", "svg", "audio", "video"])
    assert len(soup.find_all("style")) == 1 and "url(" not in soup.style.string and "@import" not in soup.style.string
    inside = soup.body.find_all()
    for element in inside:
        assert not [name for name in element.attrs if name.startswith("on")], element
        assert re.match(r"#(exercise-\w+|section-\d+|summary)$|https?://", element.get("href", "#summary")), element
        assert re.match(r"data:image/(png|jpeg|gif);base64,", element.get("src", "data:image/png;base64,")), element
    assert "default-src 'none'" in soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert soup.html["lang"] == "en" and soup.title.get_text().strip() and len(soup.find_all("main")) == 1
    assert [child.name for child in soup.body.find_all(recursive=False)] == ["main"]
    levels = [int(heading.name[1]) for heading in soup.find_all(re.compile("^h[1-6]$"))]
    assert levels.count(1) == 1 and levels[0] == 1 and all(below <= above + 1 for above, below in pairwise(levels))
    names = [element["id"] for element in inside if element.has_attr("id")]
    assert len(names) == len(set(names)), "each id once"
    assert {element["aria-labelledby"] for element in inside if element.has_attr("aria-labelledby")} <= set(names)
    assert {element["href"][1:] for element in soup.find_all("a", href=re.compile("^#"))} <= set(names)
    summary = soup.select_one("#summary")
    assert all(cell["scope"] == "col" for cell in summary.select("thead th")) and summary.caption
    assert all(row.th["scope"] == "row" for row in summary.select("tbody tr, tfoot tr"))
    assert all(image.get("alt") is not None for image in soup.find_all("img"))
    assert not [cell for cell in soup.find_all("th") if not cell.get_text().strip()]


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("ours", [True, False], ids=["our road", "plain nbgrader"])
def test_attacks(page_of, release, evil, ours):
    """Wherever a student's text can be: answers, texts, raw cells, code, outputs, messages, names, and data in the place of ours."""
    png = {"p.png": {"image/png": "aGFsbG8=", "image/svg+xml": "PHN2Zy8+"}, "q.png": {"image/png": '" onerror="alert(1)'}}
    handed_in = copy.deepcopy(release)
    for cell in handed_in["cells"]:
        if grade_id(cell) in (WRITTEN, "fans", ""):
            cell["source"] = evil
        if grade_id(cell) == WRITTEN:
            cell["attachments"] = png
    bundle = {"text/html": evil, "text/plain": evil, "image/svg+xml": evil, "application/javascript": evil}
    shown = [{"output_type": "display_data", "data": bundle, "metadata": {}}, {"output_type": "stream", "name": "stdout", "text": evil}]
    error = {"output_type": "error", "ename": evil, "evalue": evil, "traceback": [evil]}
    handed_in["cells"] += [
        {"cell_type": "raw", "id": "r", "metadata": {}, "source": evil},
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": f"## {evil}", "attachments": png},
        {"cell_type": "code", "id": "c", "metadata": {}, "source": evil, "outputs": [*shown, error], "execution_count": 1},
    ]
    found = MisconceptionFound("x", evil, evil, evil, (evil,))
    result = failed("fans", 1.0, 3.0, evil, misconception=found)
    remarks = {WRITTEN: Remark(evil, evil), "fans": Remark(evil, "")}
    if ours:
        page = page_of([result], handed_in, remarks=remarks, problems=(evil,), printed=(Printed("fans", evil), Printed("cell 1", evil)))
    else:
        test = next(cell for cell in handed_in["cells"] if grade_id(cell) == "test_fans")
        forged = json.dumps(exercise_to_json(result))
        test["outputs"] = [{"output_type": "display_data", "data": {feedback.DATA: forged}, "metadata": {}}, *shown, error]
        handed_in["cells"][0]["metadata"][autograded.PROBLEMS] = {"graded": True, "said": [evil]}
        page = feedback_page.page(nbformat.from_dict(handed_in), evil, evil, FinalMarks({}, remarks))
    check_page(page)
    assert "\x00" not in page and "\x1b" not in page and "49" not in table_of(page)[1][2]


def test_long_notebooks_cost_little(page_of, release):
    """Cells of megabytes, and many long ones, are cut, and are no obstacle."""
    handed_in = copy.deepcopy(release)
    for cell in handed_in["cells"]:
        if grade_id(cell) in (WRITTEN, "fans"):
            cell["source"] = "$x$ *a* [b](c)\n" * 200_000
    handed_in["cells"] += [{"cell_type": "code", "id": "c", "metadata": {}, "source": f"{' ' * 15_000}# {'# ' * 2000}", "outputs": []}] * 50
    began = time.process_time()
    assert len(page_of([failed("fans", 1.0, 3.0)], handed_in)) < 1_000_000 and time.process_time() - began < 20


# --- formulas, size and colours ----------------------------------------------------------------------------------------------


def test_all_formulas_of_the_course_become_mathml(monkeypatch):
    """None of the lectures' formulas stays LaTeX, and no command of TeX is left in the text around them."""
    refused, convert = [], markup.mathml
    monkeypatch.setattr(markup, "mathml", lambda latex, display: convert(latex, display) or refused.append(latex))
    markup._formula.cache_clear(), markup._html_of.cache_clear()
    for lecture in COURSE.lectures():
        for cell in lecture.cells:
            if cell["cell_type"] == "markdown":
                html = str(markup.html_of("".join(cell["source"])))
                left = re.sub(r"<(pre|code)>.*?</\1>", "", html, flags=re.DOTALL)
                assert not re.search(r"\\[A-Za-z]{2}|\$\S", left), (lecture.id, left)
    assert refused == []


@pytest.mark.parametrize(
    "latex", [r"\foo{x}", r"\frac{1}", r"x_1_2", r"\newcommand{\a}{b}\a", r"\def\a{b}", "x" * 3000, r"\unicode{x110000}"]
)
def test_a_formula_that_cant_be_converted_stays_text(latex):
    assert markup.mathml(latex) is None
    assert f"<code>{markup.escape(f'${latex}$')}</code>" in markup.html_of(f"${latex}$")


def test_pictures():
    """An attached photograph is shown, with its text and formula as text; of another picture there is the text, and nothing is loaded."""
    attached = {"a b.png": {"image/png": "aGFsbG8="}, "c.svg": {"image/svg+xml": "PHN2Zy8+"}}
    html = markup.html_of('![my "$x^2$"](attachment:a%20b.png) ![two](https://example.org/x.png) ![three](attachment:c.svg)', attached)
    (image,) = soup_of(html).find_all("img")
    assert image.attrs == {"src": "data:image/png;base64,aGFsbG8=", "alt": 'my "x^2"'}
    assert "[two]" in html and "[three]" in html and "example.org" not in html


def test_numbers_of_formulas_stand_beside_them():
    html = str(markup.html_of("$$a = b \\tag{5}$$"))
    assert "(5)" in soup_of(html).select_one("span.t").get_text() and "tag" not in html


@pytest.mark.parametrize("lecture", COURSE.lectures(), ids=lambda lecture: lecture.id)
def test_pages_of_the_real_lectures(lecture):
    """Well below a megabyte, also where everything failed; with the outline of a document, and each exercise in the table."""
    release = json.loads(lecture.released.read_text(encoding="utf-8"))
    tests = tuple(
        TestResult(f"Sentence {number}. " * 8, "failed", f"message {number} " * 20, 1.0, f"aspect {number}") for number in range(20)
    )
    exercises = tuple(ExerciseResult(name, 0.0, points, "failed", tests) for name, points in lecture.points.items())
    for cell in release["cells"]:
        cell["source"] = "".join(cell["source"])
    notebook = nbformat.from_dict(autograded.build(release, release, SubmissionResult("ann", lecture.id, "x", exercises)))
    page = feedback_page.page(notebook, "ann", lecture.id, FinalMarks({f"test_{one.name}": Mark(one.max_score, 0.0) for one in exercises}))
    check_page(page)
    assert len(page.encode()) < 500_000
    assert [row[0].removeprefix("✗ no points: ") for row in table_of(page)[1:-2]] == list(lecture.points)


def test_headings_are_numbered_without_gaps():
    assert markup.with_headings_from(3, "<h2>a</h2><h4>b</h4><h6>c</h6><h3>d</h3><h1>e</h1>") == (
        "<h3>a</h3><h4>b</h4><h5>c</h5><h4>d</h4><h3>e</h3>"
    )


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast():
    """Each colour of text stands out from page and raised ground by 4.5 or more, in light, dark and print; lines by 3."""
    template = (Path(feedback_page.__file__).parent / "feedback_page.html.jinja").read_text(encoding="utf-8")
    schemes = [dict(re.findall(r"(--[\w-]+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", template, re.DOTALL)]
    assert len(schemes) == 3
    for scheme in schemes:
        colours = schemes[0] | scheme
        assert colours["--raised"] == colours["--jp-layout-color2"]
        for name, least in {
            **dict.fromkeys(("--text", "--link", "--k", "--s", "--c", "--m"), 4.5),
            **dict.fromkeys(("--jp-success-color1", "--jp-error-color1", "--jp-content-font-color2"), 4.5),
            **dict.fromkeys(("--line", "--jp-border-color1"), 3.0),
        }.items():
            for ground in ("--page", "--raised"):
                darker, lighter = sorted(luminance(colours[one]) for one in (name, ground))
                assert (lighter + 0.05) / (darker + 0.05) >= least, (name, colours[name], colours[ground])
