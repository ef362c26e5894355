"""The autograded notebook: the instructor's cells once each, the student's in their order, and nothing that runs in a browser."""

from __future__ import annotations

import copy
import json
import re

import nbformat
import pytest
from nbgrader.utils import determine_grade

from autograder.gradebook import autograded_notebook as autograded
from autograder.gradebook.autograded_notebook import harmless
from autograder.model.cells import Printed
from autograder.model.course import grade_id, source_of
from autograder.model.results import ExerciseResult, MisconceptionFound, SubmissionResult, TestResult


@pytest.fixture
def release(pristine):
    return pristine.released


@pytest.fixture
def handed_in(release):
    return copy.deepcopy(release)


def find(notebook, name):
    return next(cell for cell in notebook["cells"] if grade_id(cell) == name)


def names(notebook):
    return [name for cell in notebook["cells"] if (name := grade_id(cell))]


def build(release, handed_in, result=None):
    notebook = autograded.build(release, handed_in, result)
    nbformat.validate(nbformat.from_dict(notebook))
    return notebook


def test_untouched(release, handed_in):
    built = build(release, handed_in)
    assert [source_of(cell) for cell in built["cells"]] == [source_of(cell) for cell in release["cells"]]


def test_answers_are_kept(release, handed_in):
    find(handed_in, "fans")["source"] = ["def fans(shape):\n", "    return 1, 2"]
    assert find(build(release, handed_in), "fans")["source"] == "def fans(shape):\n    return 1, 2"


def test_locked_cells_are_the_instructors(release, handed_in):
    find(handed_in, "setup")["source"] = "import os"
    find(handed_in, "test_fans").update(source="7.0", outputs=[{"output_type": "stream", "name": "stdout", "text": "7"}])
    find(handed_in, "test_fans")["metadata"]["nbgrader"]["points"] = 700
    built = build(release, handed_in)
    for name in ("setup", "test_fans"):
        assert find(built, name)["source"] == source_of(find(release, name))
    assert find(built, "test_fans")["metadata"]["nbgrader"]["points"] == 3 and find(built, "test_fans")["outputs"] == []


def test_of_doubles_the_last_counts(release, handed_in):
    double = {**copy.deepcopy(find(handed_in, "fans")), "source": "def fans(shape): return 'last'"}
    handed_in["cells"].append(double)
    built = build(release, handed_in)
    assert sorted(names(built)) == sorted(names(release))
    assert find(built, "fans")["source"].endswith("'last'")
    assert len(built["cells"]) == len(release["cells"]) + 1, "the first is still there to be read"


@pytest.mark.parametrize("missing", ["setup", "fans", "test_fans", "written_symmetry"])
def test_missing_cells_come_back_in_their_place(release, handed_in, missing):
    handed_in["cells"] = [cell for cell in handed_in["cells"] if grade_id(cell) != missing]
    built = build(release, handed_in)
    assert names(built) == names(release)
    assert find(built, missing)["source"] == source_of(find(release, missing))
    index = built["cells"].index(find(built, missing))
    assert built["cells"][index - 1]["source"] == autograded.MISSING


def test_all_cells_missing(release, handed_in):
    handed_in["cells"] = []
    assert names(build(release, handed_in)) == names(release)


def test_strange_ids_and_types(release, handed_in):
    find(handed_in, "fans").update(cell_type="markdown", id="fans fans")
    find(handed_in, "setup")["id"] = 7
    handed_in["cells"] += [
        {"cell_type": "raw", "source": "<script>", "metadata": None, "id": "title"},
        {"cell_type": "code", "source": "1", "metadata": {"nbgrader": {"grade": True, "grade_id": "mine", "points": 99}}},
    ]
    built = build(release, handed_in)
    assert sorted(names(built)) == sorted(names(release)) and find(built, "fans")["cell_type"] == "code"
    assert build(release, handed_in) == built


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<SVG/onload=alert(1)>",
        "a <b onclick='alert(1)'>c</b>",
        "[x](javascript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x]( javascript:alert(1))",
        "[x](<javascript:alert(1)>)",
        "![x](javascript:alert(1))",
        "[x]\n\n[x]: javascript:alert(1)",
        "[x]\n\n[x]:\n  javascript:alert(1)",
        "<javascript:alert(1)>",
        "$<img src=x onerror=alert(1)>$",
        "&lt;b&gt; <!-- --><!DOCTYPE x><?php ?>",
        '![x](https://example.org/"onerror="alert(1))',
        '[x](https://example.org/ "t\\" onclick=\\"alert(1)")',
    ],
)
def test_student_markup_is_harmless(evil):
    """Rendered as nbgrader renders it, a student's text has no element but those of Markdown, and no link but to the web."""
    from bs4 import BeautifulSoup
    from nbconvert import HTMLExporter

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(harmless(evil))])
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    shown = BeautifulSoup(html, "html.parser").select_one(".text_cell_render")
    assert {element.name for element in shown.find_all()} <= {"p", "a", "img", "br", "code", "pre"}
    for element in shown.find_all():
        assert not [name for name in element.attrs if name.startswith("on")]
        for link in ("href", "src"):
            assert element.get(link, "https://").startswith(("https://", "http://"))


@pytest.mark.parametrize(
    "evil",
    [
        r"$\href{javascript:alert(1)}{x}$",
        r"$\let\x\href \x{javascript:alert(1)}{y}$",
        r"$$\style{background:url(https://example.org)}{x}$$",
        r"$\class{btn}{x}$ and $\cssId{toolbar}{x}$",
        r"\begin{equation}\require{html}\end{equation}",
        r"$\unicode[serif;x:y]{x3C}$",
        r'$\mmlToken{mi}[href="javascript:alert(1)"]{x}$',
        r"$\bbox[background:url(https://example.org)]{x}$",
        r"$a \\\href{javascript:alert(1)}{x}$",
        r"\\(\\href{javascript:alert(1)}{x}\\)",
        r"\\(\&#104;ref{javascript:alert(1)}{x}\\)",
        r"\\(\\&#x68;ref{javascript:alert(1)}{x}\\)",
        r"\\(&#92;href{javascript:alert(1)}{x}\\)",
        r"\\(&bsol;href{javascript:alert(1)}{x}\\)",
    ],
)
def test_student_formulas_are_harmless(evil):
    """In the text that MathJax finds on the page there is no command that makes a link, sets a style or loads more."""
    from bs4 import BeautifulSoup
    from nbconvert import HTMLExporter

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(harmless(evil))])
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    text = BeautifulSoup(html, "html.parser").select_one(".text_cell_render").get_text()
    assert not re.search(r"\\(href|url|style|class|cssId|data|html|bbox|unicode|mmlToken|require|setOptions)\b", text), text


@pytest.mark.parametrize(
    "formula",
    [
        r"$\frac{\partial L}{\partial x} = \sum_i \hat x_i \, \gamma$",
        r"$$\begin{aligned} a &= b \\ c &= d \end{aligned}$$",
        r"\\(x^2\\) & $\unicodex$ $\classical$ $\text{if } a \ge b$ \newcommand{\fan}{n}",
    ],
)
def test_other_formulas_stay_as_they_are(formula):
    assert harmless(formula) == formula


def test_formulas_in_what_a_function_raised_are_not_typeset(release, handed_in):
    tests = (TestResult("Shapes are right.", "failed", r"it raised ValueError: $\href{javascript:alert(1)}{x}$", 1.0),)
    result = SubmissionResult("ann", "03_initialization", "x", (ExerciseResult("fans", 0.0, 3.0, "failed", tests),))
    html = find(build(release, handed_in, result), "test_fans")["outputs"][0]["data"]["text/html"]
    assert html.startswith('<div class="tex2jax_ignore mathjax_ignore">') and html.endswith("</div>")


def test_released_markup_stays(release, handed_in):
    """The instructor's own folding hints fold."""
    assert "<details>" in build(release, handed_in)["cells"][0]["source"]
    handed_in["cells"][0]["source"] += "!"
    assert "<details>" not in build(release, handed_in)["cells"][0]["source"]


def test_pasted_pictures_stay(release, handed_in):
    """A photograph of a derivation is an answer; markup in the place of one isn't."""
    good, evil = (
        {"image/png": "aGFsbG8="},
        {'image/png" onerror="alert(1)': "aGFsbG8=", "image/svg+xml": "PHN2Zz4=", "image/jpeg": '" onerror="'},
    )
    find(handed_in, "written_symmetry").update(source="![p](attachment:p.png)", attachments={"p.png": good, "q.png": evil, "r.png": 3})
    cell = find(build(release, handed_in), "written_symmetry")
    assert cell["attachments"] == {"p.png": good} and "(attachment:p.png)" in cell["source"]


PNG, SVG = {"image/png": "aGFsbG8="}, {"image/svg+xml": "PHN2Zy8+"}


@pytest.mark.parametrize(
    ("source", "attachments", "pictures"),
    [
        ("![p](attachment:p.png)", {"p.png": PNG}, 1),
        ('![p](attachment:p.png "title") ![p](attachment:p.png)', {"p.png": PNG}, 2),
        ("![a](attachment:a%20b.png) ![b](attachment:b%20c.png)", {"a b.png": PNG, "b%20c.png": PNG}, 2),
        ("![ü](attachment:Übung.png) ![ü](attachment:%C3%BC.png)", {"Übung.png": PNG, "ü.png": PNG}, 2),
        ("![p](attachment:image(1).png) ![q](attachment:image%282%29.png)", {"image(1).png": PNG, "image%282%29.png": PNG}, 2),
        ("![p](attachment:gone.png)", None, 0),
        ("![p](attachment:gone.png)", {}, 0),
        ("![p](attachment:p.png)", {"p.png": {}}, 0),
        ("![p](attachment:p.png)", {"p.png": 7}, 0),
        ("![p](attachment:p.svg)", {"p.svg": SVG}, 0),
        ("![p](attachment:p.png)", {"p.png": {**PNG, **SVG}}, 1),
        ("![p](attachment:) ![p](attachment: ) ![p](attachment:", {"": PNG}, 2),
        ("![p](attachment:p((x)))", {"p": PNG, "p((x))": PNG}, 0),
        ("![p](attachment:](attachment:gone.png)", {"": PNG, "]": PNG}, 0),
        (r"![p](attachment:p\)x.png) ![p](attachment:p\_x.png)", {"p\\": PNG, "p\\_x.png": PNG}, 2),
        ("![p](attachment:&amp;.png) ![p](attachment:a&b.png)", {"&amp;.png": PNG, "a&b.png": PNG}, 2),
        ("![p](attachment:*a*_b_~~c~~`d`)", {"*a*_b_~~c~~`d`": PNG}, 1),
        ("![p](<attachment:gone.png>)\n\n![q]\n\n[q]: attachment:gone.png", {}, 0),
        ("[![p](attachment:gone.png)](attachment:gone.png) <img src='attachment:gone.png'>", {}, 0),
        ("> - ![p][q]\n\n[q]:\n attachment:gone.png\n\n![p](\nattachment:gone.png)", {}, 0),
        ("![p](attachment&colon;gone.png) ![p](attachment\\:gone.png) ![p](a&#116;tachment:gone.png)", {}, 0),
    ],
)
@pytest.mark.parametrize("name", ["written_symmetry", ""])
def test_every_page_can_be_made(release, handed_in, name, source, attachments, pictures):
    """nbconvert refuses a notebook that asks for a picture which isn't there: such a link is none, in an answer and in an added cell."""
    from bs4 import BeautifulSoup
    from nbconvert import HTMLExporter

    if not name:
        handed_in["cells"].append({"cell_type": "markdown", "metadata": {}, "source": ""})
    cell = find(handed_in, name) if name else handed_in["cells"][-1]
    cell.update(source=source, attachments=attachments)
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(nbformat.from_dict(build(release, handed_in)))
    shown = [each["src"] for each in BeautifulSoup(html, "html.parser").select(".text_cell_render img")]
    assert [each for each in shown if each.startswith("data:")] == ["data:image/png;base64,aGFsbG8="] * pictures
    assert not [each for each in shown if "svg" in each]


def test_pictures_of_the_lecture_are_the_lectures(release, handed_in):
    """Whatever was handed in with them, or without."""
    for notebook in (release, handed_in):
        notebook["cells"][0].update(source="![p](attachment:p.png)", attachments={"p.png": PNG})
    handed_in["cells"][0]["attachments"] = {"p.png": {"image/png": "b3RoZXI="}}
    assert build(release, handed_in)["cells"][0]["attachments"] == {"p.png": PNG}


def test_feedback_of_a_test_cell(release, handed_in):
    """Every hidden test with its sentence and message, the misconception, the points as nbgrader reads them; markup is escaped."""
    tests = (TestResult("Shapes are right.", "passed", "", 1.0), TestResult("Values are right.", "failed", "got <b>, expected 2", 2.0))
    found = MisconceptionFound("swapped", "The fans are swapped", "You swapped them.", "03 §2")
    result = SubmissionResult(
        "ann", "03_initialization", "x", (ExerciseResult("fans", 1.0, 3.0, "failed", tests, found),), ("cell 3: <i>",)
    )
    built = build(release, handed_in, result)
    display, points = find(built, "test_fans")["outputs"]
    html, text = display["data"]["text/html"], display["data"]["text/plain"]
    for told in ("1 of 3 points", "✓ ", "Shapes are right.", "✗ ", "The fans are swapped", "03 §2"):
        assert told.strip() in html and told.strip() in text
    assert "got &lt;b&gt;" in html and "<b>," not in html
    assert points["output_type"] == "execute_result" and points["data"]["text/plain"] == "1.0"
    assert "    cell 3: <i>" in built["cells"][0]["source"], "as an indented block, which Markdown shows as it is"
    assert find(built, "test_glorot_normal")["outputs"] == []


def test_what_was_printed_stands_where_it_was_printed(release, handed_in):
    """Below the cell that printed it, and below the test cell of the function that did; long texts are cut, markup is text."""
    number = 1 + handed_in["cells"].index(find(handed_in, "fans"))
    handed_in["cells"].append({"cell_type": "code", "metadata": {}, "source": "print(1)", "outputs": [], "execution_count": None})
    tests = (TestResult("Shapes are right.", "passed", "", 1.0),)
    printed = (
        Printed(f"cell {number}", "<b>defined</b>\n"),
        Printed(f"cell {len(handed_in['cells'])}", "x" * 10_000),
        Printed("fans", "called\n"),
        Printed("helper", "nobody's\n"),
    )
    result = SubmissionResult("ann", "03_initialization", "x", (ExerciseResult("fans", 3.0, 3.0, "passed", tests),), (), printed)
    built = build(release, handed_in, result)
    (output,) = find(built, "fans")["outputs"]
    assert output == {"output_type": "stream", "name": "stdout", "text": "<b>defined</b>\n"}
    _, said, points = find(built, "test_fans")["outputs"]
    assert said["text"] == "fans printed, while the hidden tests called it:\ncalled\n" and points["output_type"] == "execute_result"
    assert built["cells"][-1]["outputs"][0]["text"].endswith("x\n(and 6000 characters more)\n")
    assert determine_grade(nbformat.from_dict(find(built, "test_fans"))) == (3.0, 3.0)
    assert "nobody" not in json.dumps(built)


def test_unreadable(release):
    """A notebook that can't be read leaves the released cells, and says why on top."""
    result = SubmissionResult("ann", "03_initialization", "x", problems=("the file is empty",), graded=False)
    built = build(release, None, result)
    assert "could not be graded" in built["cells"][0]["source"] and "    the file is empty" in built["cells"][0]["source"]
    assert names(built) == names(release)
