"""From ``solutions/`` to ``course/``: pair, check, run, release, and look for leaks.

``slug.py`` and ``slug.ipynb`` are brought together (`pairing`), the parts of each lecture are checked (`structure`), a solution notebook
whose code changed is run (`execution`), nbgrader makes from it what students get (`release`), and nothing of that is written before
everything under ``course/`` was searched for what must stay secret (`leaks`). Building again changes no byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.build.execution import code_digest, execute, figure_findings, score_findings, stderr_findings, workshop
from autograder.build.leaks import leak_findings, secrets_of
from autograder.build.pairing import REMEMBERED, Conflict, Source, normalise, read_source, text_of
from autograder.build.release import NotReleased, is_left_over, release
from autograder.build.structure import Parts, exercises, structure_findings
from autograder.errors import BuildError
from autograder.files import write_atomically
from autograder.model.course import Course, Lecture

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
        released = self._released(sources)
        for lecture, source in sources.items():
            if lecture.released in released:  # solutions are scored by the points of the released notebook
                self._bring_up_to_date(lecture, source, released)
        self._search_for_leaks(sources, released)
        self._release(released)
        if self.findings:
            raise BuildError(_listed(self.findings))
        return Built(tuple(lecture.id for lecture in self.lectures), tuple(self.executed), tuple(self.written))

    def _find(self, lecture: Lecture, *sentences: str) -> None:
        self.findings += [f"{lecture.id}: {sentence}" for sentence in sentences]

    # --- solutions/ -----------------------------------------------------------------------------------------------------------

    def _source(self, lecture: Lecture) -> Source | None:
        """Read a lecture's pair and look at its structure."""
        try:
            source = read_source(lecture.source.with_suffix(".py"), lecture.source)
        except Conflict as conflict:
            self._find(lecture, str(conflict))
            return None
        notebook = normalise(source.notebook, keep=_KEPT)
        notebook.metadata["jupytext"] = {"formats": "ipynb,py:percent"}
        self._find(lecture, *structure_findings(notebook, Parts(self.course.root, lecture.slug)))
        return source

    def _bring_up_to_date(self, lecture: Lecture, source: Source, released: dict[Path, bytes]) -> None:
        """Run a notebook whose code changed since it was last run, look at its outputs, and write both files of the pair."""
        notebook = source.notebook
        parts = Parts(self.course.root, lecture.slug)
        digest = code_digest(notebook, (parts.public, parts.suite))
        stale = notebook.metadata.get(REMEMBERED, {}).get("code") != digest
        if self.check and (stale or source.drift):
            old = f"the outputs in {lecture.source.name} are of other code, points or tests" if stale else ""
            self._find(lecture, *(f"{what}: {_BUILD.format(lecture.id)}." for what in (source.drift, old) if what))
            return
        if (stale or self.force) and not self.check and not self._run(lecture, notebook, released):
            return
        amiss = [*stderr_findings(notebook), *score_findings(notebook), *figure_findings(notebook)]
        self._find(lecture, *amiss)
        # Outputs that are amiss are not remembered as good: what mends them may lie outside the notebook.
        notebook.metadata[REMEMBERED] = nbformat.from_dict({"code": "" if amiss else digest, "source": source.digest})
        self._put(lecture, lecture.source.with_suffix(".py"), source.script)
        self._put(lecture, lecture.source, text_of(notebook))

    def _run(self, lecture: Lecture, notebook: NotebookNode, released: dict[Path, bytes]) -> bool:
        """Run a solution notebook; tell whether it came to its end."""
        self.report(f"{lecture.id}: running the solutions")
        self.executed.append(lecture.id)
        with workshop(self.course.root, lecture, released) as folder:
            failure = execute(notebook, folder)
        normalise(notebook, keep=_KEPT)  # the kernel wrote its version into the metadata
        if failure:
            self._find(lecture, f"{failure}.")
        return not failure

    def _unique_exercises(self, sources: dict[Lecture, Source]) -> None:
        homes: dict[str, Lecture] = {}
        for lecture, source in sources.items():
            for name in exercises(source.notebook):
                if homes.setdefault(name, lecture) is not lecture:
                    self._find(lecture, f"the exercise {name} is in {homes[name].id} too: names are unique over the course.")

    # --- course/ --------------------------------------------------------------------------------------------------------------

    def _released(self, sources: dict[Lecture, Source]) -> dict[Path, bytes]:
        """Make what students get, by path; nothing is written yet."""
        self.report("making the released notebooks")
        released: dict[Path, bytes] = {}
        for lecture, source in sources.items():
            try:
                released |= release(self.course.root, lecture, source.notebook)
            except NotReleased as refusal:
                self._find(lecture, f"{refusal}.")
        return released

    def _search_for_leaks(self, sources: dict[Lecture, Source], released: dict[Path, bytes]) -> None:
        """Search what is under course/, and what is about to be."""
        self.report("searching course/ for leaks")
        root = self.course.root
        on_disk = {path: path.read_bytes() for path in sorted((root / "course").rglob("*")) if path.is_file() and not is_left_over(path)}
        self._stray(on_disk, released, sources)
        # Lectures that are not being built have their secrets, too.
        everything = {
            lecture: sources[lecture].notebook if lecture in sources else _notebook_of(lecture) for lecture in self.course.lectures()
        }
        notebooks = {lecture.id: notebook for lecture, notebook in everything.items() if notebook is not None}
        secrets = secrets_of(notebooks, root / "autograder")
        # A stale notebook that a build replaces is drift, not a leak to mend; a check looks at what is there now.
        searched = {**released, **on_disk} if self.check else {**on_disk, **released}
        self.findings += leak_findings(searched, secrets, root)
        if self.check:
            self.findings += [text for text in leak_findings(released, secrets, root) if text not in self.findings]

    def _stray(self, on_disk: dict[Path, bytes], released: dict[Path, bytes], sources: dict[Lecture, Source]) -> None:
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
        write_atomically(path, wanted)
        self.written.append(path)
        self.report(f"{lecture.id}: wrote {path.relative_to(self.course.root)}")


def _notebook_of(lecture: Lecture) -> NotebookNode | None:
    """Return a lecture's source notebook, unless it has none that can be read."""
    try:
        return read_source(lecture.source.with_suffix(".py"), lecture.source).notebook
    except Conflict:
        return None


def _listed(findings: list[str]) -> str:
    findings = list(dict.fromkeys(findings))
    head = "One thing is wrong:" if len(findings) == 1 else f"{len(findings)} things are wrong:"
    return "\n".join((head, *(f"  - {finding}" for finding in findings)))
