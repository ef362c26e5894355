"""From ``solutions/`` to ``course/``: pair, check, run, release, and look for leaks.

``slug.py`` and ``slug.ipynb`` are brought together (`pairing`), the parts of each lecture are checked (`structure`), a solution notebook
whose code changed is run (`execution`), nbgrader makes from it what students get (`release`), and nothing of that is written before
everything under ``course/`` was searched for what must stay secret (`leaks`). Building again changes no byte.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.course import Course, Lecture
from autograder.errors import BuildError

from .execution import code_digest, execute, figure_findings, score_findings, stderr_findings
from .leaks import Secret, leak_findings, module_secrets, solution_secrets, suite_secrets
from .pairing import REMEMBERED, Conflict, digest_of, normalise, read_source, text_of
from .release import NotReleased, is_left_over, release
from .structure import Parts, exercises, structure_findings

__all__ = ["Built", "build"]

_KEPT = ("jupytext", REMEMBERED)
_BUILD = "run «autograder build {}»"


@dataclass(frozen=True)
class Built:
    """What a build did.

    Parameters
    ----------
    lectures : tuple of str
        The ids of the lectures that it looked at.
    executed : tuple of str
        Those whose solution notebook was run.
    written : tuple of Path
        The files that changed.
    """

    lectures: tuple[str, ...]
    executed: tuple[str, ...] = ()
    written: tuple[Path, ...] = ()


def build(
    course: Course,
    lectures: Iterable[Lecture] = (),
    check: bool = False,
    report: Callable[[str], None] = lambda sentence: None,
    *,
    force: bool = False,
) -> Built:
    """Build lectures, or check that they are built.

    Parameters
    ----------
    course : Course
        Where they are.
    lectures : iterable of Lecture
        Which ones; all that have a folder in ``solutions/`` where none is named.
    check : bool
        Write nothing, run nothing, and find fault with whatever a build would change.
    report : callable
        Gets a sentence on each step.
    force : bool
        Run solution notebooks whose code did not change, too.

    Raises
    ------
    BuildError
        With everything that is wrong. A solution notebook that ran is written nevertheless; ``course/`` is written only when nothing is.
    """
    lectures = tuple(lectures) or tuple(lecture for lecture in course.lectures() if lecture.source.parent.is_dir())
    if not lectures:
        raise BuildError(f"there is nothing to build: {course.root / 'solutions'} has no folder like 01_topic.")
    return _Build(course, lectures, check, report, force).run()


class _Build:
    """One build: its findings, and what it has done so far."""

    def __init__(self, course: Course, lectures: tuple[Lecture, ...], check: bool, report: Callable[[str], None], force: bool) -> None:
        self.course, self.lectures, self.check, self.report, self.force = course, lectures, check, report, force
        self.findings: list[str] = []
        self.executed: list[str] = []
        self.written: list[Path] = []

    def run(self) -> Built:
        """Do everything in order; raise all findings together."""
        sources = {lecture: source for lecture in self.lectures if (source := self._source(lecture)) is not None}
        self._unique_exercises(sources)
        released = self._released(sources) if sources and (self.check or not self.findings) else {}
        self._search_for_leaks(sources, released)
        self._release(released)
        if self.findings:
            raise BuildError(_listed(self.findings))
        return Built(tuple(lecture.id for lecture in self.lectures), tuple(self.executed), tuple(self.written))

    def _find(self, lecture: Lecture, *sentences: str) -> None:
        self.findings += [f"{lecture.id}: {sentence}" for sentence in sentences]

    # --- solutions/ -----------------------------------------------------------------------------------------------------------

    def _source(self, lecture: Lecture) -> NotebookNode | None:
        """Bring a lecture's pair up to date; return its notebook, unless it can't be released."""
        script = lecture.source.with_suffix(".py")
        try:
            source = read_source(script, lecture.source)
        except Conflict as conflict:
            self._find(lecture, str(conflict))
            return None
        notebook = normalise(source.notebook, keep=_KEPT)
        notebook.metadata["jupytext"] = {"formats": "ipynb,py:percent"}
        wrong = structure_findings(notebook, Parts(self.course.root, lecture.slug))
        self._find(lecture, *wrong)
        drifted = self.check and bool(source.drift)
        if drifted:
            self._find(lecture, f"{source.drift}: {_BUILD.format(lecture.id)}.")
        if not self._brought_up_to_date(lecture, notebook):
            return None
        self._find(lecture, *stderr_findings(notebook), *score_findings(notebook), *figure_findings(notebook))
        notebook.metadata[REMEMBERED]["source"] = digest_of(notebook)
        if not drifted:
            self._put(lecture, script, source.script)
            self._put(lecture, lecture.source, text_of(notebook))
        return notebook

    def _brought_up_to_date(self, lecture: Lecture, notebook: NotebookNode) -> bool:
        """Run a notebook whose code changed since it was last run; tell whether its outputs are good."""
        parts = Parts(self.course.root, lecture.slug)
        digest = code_digest(notebook, (parts.public, parts.suite))
        memory = dict(notebook.metadata.get(REMEMBERED, {}))
        notebook.metadata[REMEMBERED] = nbformat.from_dict({"code": digest, "source": memory.get("source", "")})
        if memory.get("code") == digest and not (self.force and not self.check):
            return True
        if self.check:
            self._find(lecture, f"the outputs in {lecture.source.name} are of other code or other tests: {_BUILD.format(lecture.id)}.")
            notebook.metadata[REMEMBERED] = nbformat.from_dict(memory)
            return False
        self.report(f"{lecture.id}: running the solutions")
        self.executed.append(lecture.id)
        failure = execute(notebook, lecture.source.parent)
        normalise(notebook, keep=_KEPT)  # the kernel wrote its version into the metadata
        if failure:
            self._find(lecture, f"{failure}.")
        return not failure

    def _unique_exercises(self, sources: dict[Lecture, NotebookNode]) -> None:
        homes: dict[str, Lecture] = {}
        for lecture, notebook in sources.items():
            for name in exercises(notebook):
                if homes.setdefault(name, lecture) is not lecture:
                    self._find(lecture, f"the exercise {name} is in {homes[name].id} too: names are unique over the course.")

    # --- course/ --------------------------------------------------------------------------------------------------------------

    def _released(self, sources: dict[Lecture, NotebookNode]) -> dict[Path, bytes]:
        self.report("making the released notebooks")
        released: dict[Path, bytes] = {}
        for lecture, notebook in sources.items():
            try:
                released |= release(self.course.root, {lecture: notebook})
            except NotReleased as refusal:
                self._find(lecture, f"{refusal}.")
        return released

    def _search_for_leaks(self, sources: dict[Lecture, NotebookNode], released: dict[Path, bytes]) -> None:
        """Search what is under course/, and what is about to be."""
        self.report("searching course/ for leaks")
        root = self.course.root
        on_disk = {path: path.read_bytes() for path in sorted((root / "course").rglob("*")) if path.is_file() and not is_left_over(path)}
        self._stray(on_disk, released, sources)
        secrets = list(_secrets(root, {lecture: sources.get(lecture) for lecture in self.course.lectures()}))
        # A stale notebook that a build replaces is drift, not a leak to mend; a check looks at what is there now.
        searched = {**released, **on_disk} if self.check else {**on_disk, **released}
        self.findings += leak_findings(searched, secrets, root)
        if self.check:
            self.findings += [text for text in leak_findings(released, secrets, root) if text not in self.findings]

    def _stray(self, on_disk: dict[Path, bytes], released: dict[Path, bytes], sources: dict[Lecture, NotebookNode]) -> None:
        """Find files in a lecture's folder that its source doesn't give."""
        for lecture in sources:
            folder = lecture.released.parent
            strays = [path for path in on_disk if folder in path.parents and path not in released]
            for path in strays if lecture.released in released else ():
                self._find(lecture, f"{path.relative_to(self.course.root)} is not made from solutions/: delete it, or put it there.")

    def _release(self, released: dict[Path, bytes]) -> None:
        """Write what students get; nothing of it while anything is wrong."""
        for lecture in self.lectures:
            for path, content in released.items():
                if lecture.released.parent in path.parents and (self.check or not self.findings):
                    self._put(lecture, path, content)

    def _put(self, lecture: Lecture, path: Path, content: str | bytes) -> None:
        """Write a file that should hold `content`, or find fault with it."""
        wanted = content.encode() if isinstance(content, str) else content
        if path.exists() and path.read_bytes() == wanted:
            return
        if self.check:
            shown = path.relative_to(self.course.root)
            state = "differs from what its source gives" if path.exists() else "is missing"
            self._find(lecture, f"{shown} {state}: {_BUILD.format(lecture.id)}.")
            return
        _write(path, wanted)
        self.written.append(path)
        self.report(f"{lecture.id}: wrote {path.relative_to(self.course.root)}")


def _secrets(root: Path, sources: dict[Lecture, NotebookNode | None]) -> Iterable[Secret]:
    """Everything that students must not see, of all lectures."""
    for lecture, notebook in sources.items():
        for found in (notebook, _script_of(lecture)):
            if found is not None:
                yield from solution_secrets(found, lecture.id)
                break
    yield from module_secrets(root / "autograder" / "reference")
    yield from module_secrets(root / "autograder" / "misconceptions")
    yield from suite_secrets(root / "autograder" / "suites")


def _script_of(lecture: Lecture) -> NotebookNode | None:
    """The source of a lecture that isn't being built; its solutions are secret all the same."""
    try:
        return read_source(lecture.source.with_suffix(".py"), lecture.source).notebook
    except Conflict:
        return None


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _listed(findings: list[str]) -> str:
    findings = list(dict.fromkeys(findings))
    head = "One thing is wrong:" if len(findings) == 1 else f"{len(findings)} things are wrong:"
    return "\n".join((head, *(f"  - {finding}" for finding in findings)))
