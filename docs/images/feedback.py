"""Make the picture in docs/instructors.md: what a student gets back where one exercise calls another that is wrong.

Not part of the tests: it needs a browser::

    python docs/images/feedback.py --chromium /usr/bin/chromium
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageChops

from autograder.gradebook.feedback import bundle
from autograder.judging.grading import grade_submission
from autograder.judging.known_answers import catalogue, cell_source
from autograder.judging.sample_notebooks import solved, write
from autograder.model.course import find_course, grade_id
from autograder.model.submission import read_submission
from autograder.sandbox.host import Sandbox

TARGET = Path(__file__).with_name("feedback.png")
LECTURE, WRONG, DEPENDENT = "08", "bias_corrected", "adam_step"
ADAM = """def adam_step(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state.get("t", 0) + 1
    m = beta1 * state.get("m", 0) + (1 - beta1) * grad
    v = beta2 * state.get("v", 0) + (1 - beta2) * np.square(grad, dtype=float)
    step = lr * bias_corrected(m, beta1, t) / (np.sqrt(bias_corrected(v, beta2, t)) + eps)
    return theta - step, {"t": t, "m": m, "v": v}
"""
WIDTH, HEIGHT = 900, 1400


def page(folder: Path) -> str:
    """Grade a notebook with a wrong `bias_corrected` and an `adam_step` that calls it; return the feedback on both as HTML."""
    course = find_course(TARGET)
    lecture = course.lecture(LECTURE)
    notebook = solved(lecture)
    wrong = next(one for one in catalogue(lecture.slug).misconceptions if one.exercise == WRONG)
    sources = {WRONG: cell_source(wrong.function, WRONG), DEPENDENT: ADAM}
    for cell in notebook["cells"]:
        cell["source"] = sources.get(grade_id(cell), cell["source"])
    submission = read_submission(write(notebook, folder / "someone.ipynb"), course)
    with Sandbox() as sandbox:
        result = grade_submission(submission, sandbox)
    shown = [bundle(exercise)["text/html"] for exercise in result.exercises if exercise.name in (WRONG, DEPENDENT)]
    return f'<meta charset="utf-8"><body style="font: 15px sans-serif">{"".join(shown)}'


def main() -> None:
    """Write the picture, cut to what is drawn."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chromium", default="chromium", help="the browser")
    browser = parser.parse_args().chromium
    with TemporaryDirectory() as folder:
        html, shot = Path(folder) / "page.html", Path(folder) / "shot.png"
        html.write_text(page(Path(folder)), encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}"]
        subprocess.run([browser, *options, html.as_uri()], check=True, capture_output=True)
        picture = Image.open(shot).convert("RGB")
    box = ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox()
    picture.crop((0, 0, WIDTH, box[3] + 12)).quantize(128).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
