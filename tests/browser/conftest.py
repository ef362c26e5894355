"""What the tests in a browser use: a Chromium, JupyterLab as a student and as an instructor see it, a class that is graded, and axe-core.

`make browser` runs them, with the Chromium that `CHROMIUM` names, playwright's own, or one that is installed. `make pictures` runs
them with PICTURES set: then the same tests write the pictures of the documents into `docs/images`.

Nothing is said about how long anything takes: whatever is waited for may take `SECONDS`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from autograder.judging.known_answers import catalogue, cell_source
from autograder.judging.sample_notebooks import solved, write
from autograder.model.course import Course, Lecture, find_course, grade_id

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 240
MILLISECONDS = 1000 * SECONDS
PICTURES = bool(os.environ.get("PICTURES"))
COLOURS = 128  # a screenshot has few, and so a small file
TOKEN = "secret"
NUMBER = re.compile(r"^\[\d+\]:$")  # the prompt of a cell that has run

expect.set_options(timeout=MILLISECONDS)


# --- the browser --------------------------------------------------------------------------------------------------------------

OPEN: list[BrowserContext] = []
"""The windows of the current test module."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        candidates = (os.environ.get("CHROMIUM"), playwright.chromium.executable_path, *map(shutil.which, CHROMIUMS))
        program = next((path for path in candidates if path and Path(path).is_file()), None)
        if program is None:
            pytest.exit("There is no Chromium: install one, or name it with CHROMIUM=/path/to/chromium.", returncode=1)
        yield playwright.chromium.launch(executable_path=program)


@pytest.fixture(scope="module")
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Return what opens a window; nothing in it is fetched from another machine."""

    def new(width: int = 1140, height: int = 1050, dark: bool = False, scripts: bool = True) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            device_scale_factor=1.5 if PICTURES else 1,
        )
        context.set_default_timeout(MILLISECONDS)
        context.route(re.compile(r"^https?://(?!127\.0\.0\.1[:/])"), lambda route: route.abort())
        OPEN.append(context)
        return context.new_page()

    yield new
    while OPEN:
        OPEN.pop().close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where a test fails, say where the screenshots of its windows are."""
    report = yield
    if report.failed:
        folder = Path(tempfile.mkdtemp(prefix=f"{item.name}-"))
        for number, page in enumerate(page for context in OPEN for page in context.pages):
            page.screenshot(path=folder / f"{number}.png")
        report.sections.append(("screenshots", str(folder)))
    return report


@pytest.fixture(scope="session")
def picture() -> Callable[..., None]:
    """Return what writes a picture of the documents, if they are asked for."""

    def take(name: str, shown: Page | Locator, **options: Any) -> None:
        if PICTURES:
            shot = Image.open(BytesIO(shown.screenshot(**options))).convert("RGB")
            small = shot.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            small.save(IMAGES / f"{name}.png", optimize=True)

    return take


@pytest.fixture(scope="session")
def findings() -> Callable[..., list[str]]:
    """Return what lists the serious and critical findings of axe-core, in a whole page or in some of its elements."""

    def find(page: Page, *selectors: str) -> list[str]:
        response = Axe().run(page, context={"include": [[selector] for selector in selectors]} if selectors else None).response
        return [
            f"{found['id']} ({found['impact']}): {node['html'][:200]} {node['failureSummary']}"
            for found in response["violations"]
            if found["impact"] in ("serious", "critical")
            for node in found["nodes"]
        ]

    return find


# --- JupyterLab ---------------------------------------------------------------------------------------------------------------

SETTINGS: dict[str, dict[str, Any]] = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"adaptive-theme": True},  # the system's: light, or dark where a window asks for it
    "docmanager-extension/plugin": {"autosave": False},
    "notebook-extension/tracker": {"windowingMode": "none"},  # all cells are in the page
}


@dataclass(frozen=True)
class Server:
    """A JupyterLab that serves a folder."""

    folder: Path
    address: str

    def url(self, path: str) -> str:
        """Return the address of a page."""
        return f"{self.address}/{path}?token={TOKEN}"

    def request(self, path: str, method: str = "GET") -> Any:
        """Call the server's REST interface."""
        query = urllib.request.Request(f"{self.address}/{path}", method=method, headers={"Authorization": f"token {TOKEN}"})
        with urllib.request.urlopen(query, timeout=SECONDS) as answer:
            return json.loads(answer.read() or "null")


def environment(home: Path) -> dict[str, str]:
    """Return an environment as after activation, with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COURSEKIT", "JUPYTER", "NBGRADER"))}
    return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(home)}


def run(folder: Path, home: Path, *command: str) -> str:
    """Run one of the programs of this environment in a folder; return what it printed."""
    done = subprocess.run(command, cwd=folder, env=environment(home), capture_output=True, text=True, timeout=4 * SECONDS)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def new_home(home: Path, nbgrader_config: str) -> Path:
    """Make a home with the settings of JupyterLab and nbgrader."""
    for name, values in SETTINGS.items():
        path = home / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    (home / ".jupyter" / "nbgrader_config.py").write_text(f"c = get_config()\n{nbgrader_config}", encoding="utf-8")
    return home


@contextmanager
def jupyterlab(folder: Path, home: Path) -> Iterator[Server]:
    """Start JupyterLab in a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = (f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root", f"--IdentityProvider.token={TOKEN}")
    command = [sys.executable, "-m", "jupyter", "lab", *options, "--ServerApp.port_retries=0"]
    server = Server(folder, f"http://127.0.0.1:{port}")
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment(home), stdout=log, stderr=log)
        try:
            await_server(server, process, home / "server.log")
            yield server
        finally:
            process.terminate()
            process.wait(SECONDS)


def await_server(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            server.request("api/status")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(log.read_text())


class Notebook:
    """A notebook that is open in JupyterLab.

    A cell is named by its ``grade_id``, or by a piece of its source.
    """

    def __init__(self, page: Page, server: Server, path: Path) -> None:
        self.page, self.path = page, path
        self.cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        place = path.relative_to(server.folder).as_posix()
        workspace = re.sub(r"\W", "-", place)  # of its own: nothing else is open in it
        page.goto(server.url(f"lab/workspaces/{workspace}/tree/{place}"))
        self.ready()
        page.keyboard.press("Control+b")
        expect(page.locator("#jp-left-stack")).to_be_hidden()

    def ready(self) -> None:
        """Wait until all cells are there and the kernel is idle."""
        expect(self.panel.locator(".jp-Cell")).to_have_count(len(self.cells))
        self.idle()

    def idle(self) -> None:
        """Wait until the kernel is idle."""
        expect(self.page.locator("#jp-main-statusbar")).to_contain_text("(ipykernel) | Idle")

    def index(self, name: str) -> int:
        """Return the place of a cell."""
        names = [grade_id(cell) for cell in self.cells]
        if name in names:
            return names.index(name)
        return next(index for index, cell in enumerate(self.cells) if name in "".join(cell["source"]))

    def cell(self, name: str) -> Locator:
        """Return a cell."""
        return self.panel.locator(".jp-Cell").nth(self.index(name))

    def output(self, name: str) -> Locator:
        """Return what a cell shows below its source."""
        return self.cell(name).locator(".jp-Cell-outputArea")

    def menu(self, title: str, command: str) -> None:
        """Choose a command from a menu."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{title}$")).click()
        self.page.locator(f'.lm-Menu [data-command="{command}"]').click()

    def begin(self, name: str) -> None:
        """Run a cell without waiting for its end."""
        self.cell(name).locator(".jp-InputPrompt, .jp-Placeholder-prompt").first.click()
        self.page.keyboard.press("Control+Enter")

    def run(self, name: str) -> Locator:
        """Run a cell, and return its output."""
        prompt = self.cell(name).locator(".jp-InputPrompt")
        before = prompt.inner_text()
        self.begin(name)
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(NUMBER)
        self.idle()
        return self.output(name)

    def run_all(self) -> None:
        """Run all cells from the menu."""
        self.menu("Run", "runmenu:run-all")
        prompts = self.panel.locator(".jp-CodeCell .jp-InputPrompt")
        expect(prompts).to_have_text([NUMBER] * sum(cell["cell_type"] == "code" for cell in self.cells))
        self.idle()

    def write(self, name: str, source: str) -> None:
        """Paste a source over that of a code cell."""
        self.cell(name).scroll_into_view_if_needed()  # JupyterLab makes an editor when its cell comes into view
        editor = self.cell(name).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+a")
        editor.evaluate(
            """(editor, text) => {
                const clipboardData = new DataTransfer();
                clipboardData.setData("text/plain", text);
                editor.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
            }""",
            source,
        )

    def answer(self, name: str, body: str) -> Locator:
        """Write the body of an exercise's function below its docstring, run it and its check, and return what the check shows."""
        stub = "".join(self.cells[self.index(name)]["source"])
        self.write(name, f"{stub[: stub.rindex(QUOTES) + len(QUOTES)]}\n{body}")
        self.run(name)
        return self.run(f"test_{name}")

    def save(self) -> None:
        """Save with the keyboard."""
        with self.page.expect_response(lambda answer: answer.request.method == "PUT" and self.path.name in answer.url) as saved:
            self.page.keyboard.press("Control+s")
        assert saved.value.ok

    def source(self, name: str) -> str:
        """Return a cell's source as it was saved."""
        return "".join(json.loads(self.path.read_text(encoding="utf-8"))["cells"][self.index(name)]["source"])


QUOTES = '"""'


# --- as a student sees it -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of nbgrader's exchange."""
    folder = tmp_path_factory.mktemp("exchange")
    folder.chmod(0o777)  # as nbgrader wants it
    return folder


@pytest.fixture(scope="session")
def student(tmp_path_factory: pytest.TempPathFactory, exchange: Path) -> Iterator[Server]:
    """JupyterLab in a student's folder, with nbgrader's extensions."""
    config = f"c.CourseDirectory.course_id = 'training_deep_neural_networks'\nc.Exchange.root = {str(exchange)!r}\n"
    home = new_home(tmp_path_factory.mktemp("home"), f"{config}c.Execute.timeout = {4 * SECONDS}\n")
    with jupyterlab(tmp_path_factory.mktemp("student"), home) as server:
        yield server


@pytest.fixture(scope="module")
def open_at(student: Server, new_page: Callable[..., Page]) -> Iterator[Callable[[Path], Notebook]]:
    """Return what opens a notebook of the student's; kernels end with the module."""
    yield lambda path: Notebook(new_page(), student, path)
    for kernel in student.request("api/kernels"):
        student.request(f"api/kernels/{kernel['id']}", "DELETE")


@pytest.fixture(scope="module")
def open_notebook(student: Server, open_at: Callable[[Path], Notebook], request: pytest.FixtureRequest) -> Callable[..., Notebook]:
    """Return what opens a copy of a lecture's notebook, as it is released or with the contents that are given."""
    numbers = count(1)

    def open_it(lecture: Lecture, notebook: dict[str, Any] | None = None) -> Notebook:
        contents = notebook or json.loads(lecture.released.read_text(encoding="utf-8"))
        return open_at(write(contents, student.folder / f"{request.path.stem}-{next(numbers)}" / lecture.released.name))

    return open_it


# --- as an instructor sees it -------------------------------------------------------------------------------------------------

LECTURE = find_course(ROOT).lecture("08")
WRITTEN = "written_adaptive_optimizers"
ADDED = "zoe"  # handed in when the class was graded already
LATE_ANSWER = "Adam's averages begin at zero, so the first ones are too small."
WRONG, DEPENDENT = "bias_corrected", "adam_step"
ADAM = """def adam_step(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state.get("t", 0) + 1
    m = beta1 * state.get("m", 0) + (1 - beta1) * grad
    v = beta2 * state.get("v", 0) + (1 - beta2) * np.square(grad, dtype=float)
    step = lr * bias_corrected(m, beta1, t) / (np.sqrt(bias_corrected(v, beta2, t)) + eps)
    return theta - step, {"t": t, "m": m, "v": v}
"""


@dataclass(frozen=True)
class Classroom:
    """An nbgrader course with a class that is graded, but for one submission."""

    folder: Path
    home: Path
    added: str = ADDED
    written: str = WRITTEN
    exercises: tuple[str, ...] = (WRONG, DEPENDENT)

    @property
    def lecture(self) -> Lecture:
        return Course(self.folder).lecture(LECTURE.id)

    def run(self, *command: str) -> str:
        """Run a program in the course directory."""
        return run(self.folder, self.home, *command)

    def page(self, student: str) -> Path:
        """Return the path of a student's feedback page."""
        return self.folder / "feedback" / student / LECTURE.id / f"{LECTURE.slug}.html"


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory, exchange: Path) -> Classroom:
    """The demonstration class, and one who handed in since: a wrong function, another one that calls it, and a written answer."""
    home = new_home(tmp_path_factory.mktemp("home"), f"c.Exchange.root = {str(exchange)!r}\n")
    folder = tmp_path_factory.mktemp("class") / "course"
    lectures = ("05", "08") if PICTURES else ("08",)
    run(ROOT, home, "autograder", "demo", *lectures, "--students", "30" if PICTURES else "9", "--output", str(folder))
    notebook = solved(LECTURE)
    mistake = next(known for known in catalogue(LECTURE.hidden).misconceptions if known.exercise == WRONG)
    sources = {WRONG: cell_source(mistake.function, WRONG), DEPENDENT: ADAM, WRITTEN: LATE_ANSWER}
    for cell in notebook["cells"]:
        cell["source"] = sources.get(grade_id(cell), cell["source"])
    path = write(notebook, folder / "submitted" / ADDED / LECTURE.id / f"{LECTURE.slug}.ipynb")
    path.with_name("timestamp.txt").write_text("2026-03-02 19:00:00 UTC", encoding="utf-8")
    return Classroom(folder, home)


@pytest.fixture(scope="session")
def instructor(classroom: Classroom) -> Iterator[Server]:
    """JupyterLab in the course directory."""
    with jupyterlab(classroom.folder, classroom.home) as server:
        yield server


@dataclass(frozen=True)
class Formgrader:
    """A window with one of formgrader's pages."""

    page: Page
    server: Server
    assignment: str = LECTURE.id

    def go(self, place: str) -> None:
        """Open a page, and wait for its table."""
        self.page.goto(f"{self.server.url('login')}&next=/formgrader/{place}")
        expect(self.page.locator("#main-table")).not_to_contain_text("Loading, please wait")

    def submissions(self) -> None:
        """Open the list of submissions."""
        self.go(f"manage_submissions/{self.assignment}")

    def row(self, text: str) -> Locator:
        """Return the row of a student or of a lecture."""
        return self.page.locator("#main-table tr").filter(has=self.page.get_by_text(text, exact=True))

    def score(self, student: str) -> str:
        """Return a student's points as they are listed."""
        return self.row(student).locator(".score").inner_text().split(" / ")[0]

    def press(self, button: Locator) -> None:
        """Press a button, and wait for the message that it has worked."""
        button.click()
        dialog = self.page.locator(".modal.in")
        expect(dialog).to_be_visible()
        assert dialog.locator(".modal-title").inner_text() == "Success", dialog.inner_text()
        dialog.get_by_role("button", name="OK", exact=True).click()
        expect(dialog).to_have_count(0)


@pytest.fixture
def formgrader(instructor: Server, new_page: Callable[..., Page]) -> Formgrader:
    """A window of formgrader's."""
    return Formgrader(new_page(width=1280), instructor)
