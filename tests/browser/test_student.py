"""The course as a student works with it, in JupyterLab."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from autograder.judging.known_answers import catalogue
from autograder.judging.sample_notebooks import reference_sources, with_answers
from autograder.model.course import find_course, grade_id

COURSE = find_course()
FANS, LOOP = "fans", "begun"
MISTAKE = "    if len(shape) == 2:\n        return tuple(shape)\n    F, C, KH, KW = shape\n    return C * KH * KW, F"
RIGHT = MISTAKE.replace("C * KH * KW, F", "C * KH * KW, F * KH * KW")
ENDLESS = f"    from IPython.display import display\n    display({LOOP!r})\n    while True:\n        pass"
ERRORS = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
SHOWN = ".jp-OutputArea-output"
PALE = """outputs => {
    const channels = colour => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
    const over = ([r, g, b, a], below) => [r, g, b].map((channel, i) => a * channel + (1 - a) * below[i]);
    const behind = one => one ? over(channels(getComputedStyle(one).backgroundColor), behind(one.parentElement)) : [255, 255, 255];
    const linear = channel => channel <= 10.31 ? channel / 3294.6 : ((channel / 255 + 0.055) / 1.055) ** 2.4;
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const contrast = one => {
        const below = behind(one), text = over(channels(getComputedStyle(one).color), below);
        const [light, dark] = [luminance(text), luminance(below)].sort((a, b) => b - a);
        return (light + 0.05) / (dark + 0.05);
    };
    const withText = one => [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    const enough = one => one.matches("[role=img]") ? 3 : 4.5;
    const all = outputs.flatMap(output => [...output.querySelectorAll("*")]).filter(withText);
    const pale = all.filter(one => contrast(one) < enough(one));
    return [all.length, pale.map(one => `${contrast(one).toFixed(2)} ${one.outerHTML.slice(0, 120)}`)];
}"""
"""How many elements of outputs have text, and those whose contrast is too low by WCAG 2: below 4.5, or 3 for a sign. Inside of
JupyterLab axe-core measures the contrast of no text at all."""


def test_run_all_on_the_fresh_notebook(open_notebook):
    """Nothing raises: each check says that its function isn't written, and each figure what it waits for."""
    notebook = open_notebook(COURSE.lecture("05"))
    notebook.run_all()
    assert notebook.panel.locator(ERRORS).all_inner_texts() == []
    sources = {index: "".join(cell["source"]) for index, cell in enumerate(notebook.cells) if cell["cell_type"] == "code"}
    cells = notebook.panel.locator(".jp-Cell")
    for index, source in sources.items():
        if source.startswith("check("):
            expect(cells.nth(index)).to_contain_text(re.compile("○ .* (not attempted|waits for)"))
        if re.search(r"^if ready\(", source, flags=re.MULTILINE):
            expect(cells.nth(index)).to_contain_text("This figure waits for ")
    expect(notebook.output("check_all()")).to_contain_text("0 of 7 exercises pass their checks")


def test_an_exercise_is_solved(open_notebook):
    """A wrong answer is explained, a right one passes, and the figure that waited for it is drawn and described."""
    notebook = open_notebook(COURSE.lecture("03"))
    notebook.run("setup")
    shown = notebook.answer(FANS, MISTAKE)
    expect(shown).to_contain_text("1 of 3 checks passed")
    expect(shown).to_contain_text("fans((6, 3, 5, 5))[1] is 6, expected 150")
    for name in ("from itertools import pairwise", "def convolve("):
        notebook.run(name)
    expect(notebook.run("if ready(fans):")).to_contain_text("This figure waits for fans: 2 of its 3 checks fail")
    shown = notebook.answer(FANS, RIGHT)
    expect(shown).to_contain_text("3 of 3 checks passed")
    expect(shown).not_to_contain_text("✗")
    drawn = notebook.run("if ready(fans):").locator("img")
    expect(drawn).to_be_visible()
    assert len(drawn.get_attribute("alt")) > 40


def test_an_endless_loop_is_interrupted(open_notebook):
    """The check says that it was stopped; the kernel goes on."""
    notebook = open_notebook(COURSE.lecture("03"))
    notebook.run("setup")
    notebook.write(FANS, f"def fans(shape):\n{ENDLESS}")
    notebook.run(FANS)
    notebook.begin(f"test_{FANS}")
    expect(notebook.output(f"test_{FANS}")).to_contain_text(LOOP)
    notebook.menu("Kernel", "kernelmenu:interrupt")
    expect(notebook.output(f"test_{FANS}")).to_contain_text("You stopped the checks before they were through.")
    notebook.idle()
    assert notebook.panel.locator(ERRORS).all_inner_texts() == []
    expect(notebook.answer(FANS, RIGHT)).to_contain_text("3 of 3 checks passed")


def test_answers_are_there_after_a_reload(open_notebook):
    """What was written and what the check said are in the file and in the window."""
    notebook = open_notebook(COURSE.lecture("03"))
    notebook.run("setup")
    notebook.answer(FANS, MISTAKE)
    notebook.save()
    assert notebook.source(FANS).endswith(MISTAKE)
    notebook.page.reload()
    notebook.ready()
    expect(notebook.cell(FANS)).to_contain_text("return C * KH * KW, F")
    expect(notebook.output(f"test_{FANS}")).to_contain_text("1 of 3 checks passed")


def test_validate(open_notebook):
    """nbgrader's button names the function that is wrong, and reports success when it is right."""
    lecture, name = COURSE.lecture("09"), "step_decay"
    mistake = next(known for known in catalogue(lecture.hidden).misconceptions if known.exercise == name and known.severity == "core")
    contents = with_answers(lecture, mistake)
    for cell in contents["cells"]:
        if grade_id(cell) == "written_learning_rate_schedules":
            cell["source"] = "Large steps first, small ones later."
    notebook = open_notebook(lecture, contents)
    button = notebook.page.locator(".validate-button")
    button.click()
    failed = notebook.page.locator(".nbgrader-ErrorDialog")
    expect(failed).to_contain_text(re.compile(rf"{name}: \d of \d checks passed"))
    expect(failed.get_by_text("The following cell failed:")).to_have_count(1)
    assert "Traceback" not in failed.inner_text()
    failed.get_by_role("button", name="Ok").click()
    notebook.write(name, reference_sources(lecture)[name])
    button.click()
    expect(notebook.page.locator(".nbgrader-SuccessDialog")).to_contain_text("Success! Your notebook passes all the tests.")


@pytest.fixture(scope="module")
def mistaken(open_notebook):
    """A notebook with an exercise that is wrong, one that is right, and the state of the lecture."""
    notebook = open_notebook(COURSE.lecture("03"))
    notebook.run("setup")
    notebook.answer("init_std", "    return np.sqrt(2 / fan_in)")
    notebook.answer("he_normal", "    return rng.normal(0.0, np.sqrt(2 / fan_in), (fan_in, fan_out))")
    notebook.answer(FANS, MISTAKE)
    for name in ("gradient_norms", "test_gradient_norms", "check_all()"):
        notebook.run(name)
    return notebook


def test_a_hint_unfolds(mistaken):
    """It is folded up at first, and can be opened with the keyboard."""
    hint = mistaken.cell("### Exercise 2").locator("details").first
    text = hint.locator(":scope > :not(summary)").first
    expect(text).to_be_hidden()
    hint.locator("summary").focus()
    mistaken.page.keyboard.press("Space")
    expect(text).to_be_visible()
    hint.locator("summary").click()
    expect(text).to_be_hidden()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_feedback_is_readable_for_everybody(mistaken, findings, colours):
    """In both themes what checks show has enough contrast, and axe-core finds nothing serious in it: names, tables, structure."""
    dark = colours == "dark"
    mistaken.page.emulate_media(color_scheme=colours)
    expect(mistaken.page.locator("body")).to_have_attribute("data-jp-theme-light", "false" if dark else "true")
    mistaken.output(f"test_{FANS}").locator("summary").click()
    assert findings(mistaken.page, f".jp-NotebookPanel {SHOWN}") == []
    count, pale = mistaken.panel.locator(SHOWN).evaluate_all(PALE)
    assert count > 20 and pale == []
    mistaken.output(f"test_{FANS}").locator("summary").click()


def test_feedback_fits_into_a_narrow_window(mistaken):
    """At a width of 600 pixels nothing of it has to be scrolled sideways."""
    mistaken.page.emulate_media(color_scheme="light")
    before = mistaken.page.viewport_size
    mistaken.page.set_viewport_size({"width": 600, "height": 900})
    shown = mistaken.panel.locator(f"{SHOWN} > *")
    expect(shown.first).to_be_visible()
    too_wide = "all => all.filter(one => one.scrollWidth > one.clientWidth || one.getBoundingClientRect().right > innerWidth)"
    assert shown.evaluate_all(f"{too_wide}.map(one => one.textContent)") == []
    mistaken.page.set_viewport_size(before)


def test_picture_of_a_check(mistaken, picture):
    """The exercise, a wrong answer and its feedback, as README.md shows them."""
    mistaken.cell("### Exercise 2").evaluate("cell => cell.scrollIntoView({block: 'start'})")
    expect(mistaken.cell(FANS)).to_be_in_viewport()
    expect(mistaken.output(f"test_{FANS}")).to_be_in_viewport()
    picture("check", mistaken.panel.locator(".jp-NotebookPanel-notebook"))
