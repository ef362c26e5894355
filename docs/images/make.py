"""Make the picture in README.md: a notebook in JupyterLab with a mistake, and the feedback of `check`.

Not part of the tests: it needs a browser. JupyterLab looks as it does for students, so the environment is theirs, with playwright added::

    python -m venv /tmp/student
    /tmp/student/bin/pip install ./course playwright
    /tmp/student/bin/python docs/images/make.py --chromium /usr/bin/chromium
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbformat.sign import NotebookNotary
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(__file__).with_name("check.png")
PORT = 8877
LECTURE, EXERCISE = "03_initialization/initialization.ipynb", "fans"
SIZE = {"width": 1140, "height": 1050}
COLOURS = 256  # a screenshot has few, and so a small file

MISTAKE = """
    if len(shape) == 2:
        return tuple(shape)
    F, C, KH, KW = shape
    return C * KH * KW, F
"""

SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Light"},
}


def write_notebook(path: Path, environment: dict[str, str]) -> None:
    """Put the mistake into the notebook, run set-up, exercise and check, and sign it, so that JupyterLab shows its outputs."""
    notebook = nbformat.read(path, as_version=4)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    solution = cells[EXERCISE]
    stub = solution.source.rindex('"""') + 3
    solution.source = solution.source[:stub] + MISTAKE.rstrip()
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}})
    with client.setup_kernel(env=environment):
        for name in ("setup", EXERCISE, f"test_{EXERCISE}"):
            client.execute_cell(cells[name], notebook.cells.index(cells[name]))
    notary = NotebookNotary(data_dir=environment["JUPYTER_DATA_DIR"])
    notary.sign(notebook)
    nbformat.write(notebook, path)
    notary.store.close()


@contextmanager
def jupyterlab(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Serve `folder`, and yield the address."""
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", f"--port={PORT}", f"--notebook-dir={folder}"]
    options = ["--allow-root", "--IdentityProvider.token=", "--ServerApp.log_level=ERROR"]
    server = subprocess.Popen([*command, *options], env=environment)
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://localhost:{PORT}/api").close()
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://localhost:{PORT}"
    finally:
        server.terminate()
        server.wait()


def take_picture(address: str, chromium: str | None) -> None:
    """Open the notebook, bring the exercise into view, and take a picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, device_scale_factor=1.5)
        page.goto(f"{address}/lab/tree/{LECTURE}", wait_until="load", timeout=120_000)
        page.wait_for_selector(".jp-Notebook .jp-OutputArea-output strong", timeout=120_000)
        page.keyboard.press("Control+b")
        page.wait_for_timeout(4000)  # formulas are typeset, the kernel comes up
        heading = page.locator(".jp-Notebook h3", has_text=EXERCISE).first
        heading.evaluate("element => element.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(1000)
        page.screenshot(path=TARGET)
        browser.close()
    picture = Image.open(TARGET).convert("RGB")
    picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(TARGET, optimize=True)


def main() -> None:
    """Make the picture."""
    parser = argparse.ArgumentParser(description="Make docs/images/check.png.")
    parser.add_argument("--chromium", help="the browser; playwright's own where it is left out")
    chosen = parser.parse_args()
    if find_spec("nbgrader") or find_spec("autograder"):
        parser.error("this environment has nbgrader or autograder, which students don't have: use one with ./course and playwright alone")
    with TemporaryDirectory() as scratch:
        folder, data, settings = (Path(scratch, name) for name in ("course", "data", "lab"))
        (folder / LECTURE).parent.mkdir(parents=True)
        data.mkdir()
        (settings / "settings").mkdir(parents=True)
        environment = {**os.environ, "JUPYTER_DATA_DIR": str(data), "JUPYTER_CONFIG_DIR": scratch, "JUPYTERLAB_SETTINGS_DIR": str(settings)}
        for plugin, values in SETTINGS.items():
            package, name = plugin.split(":")
            place = settings / package / f"{name}.jupyterlab-settings"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(values))
        shutil.copy(ROOT / "course" / LECTURE, folder / LECTURE)
        write_notebook(folder / LECTURE, environment)
        with jupyterlab(folder, environment) as address:
            take_picture(address, chosen.chromium)


if __name__ == "__main__":
    main()
