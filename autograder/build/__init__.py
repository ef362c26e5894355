"""Builds ``course/`` from ``solutions/``: pair, check, run, release, and search for leaks.

``slug.py`` and ``slug.ipynb`` are synchronised (`pairing`), the parts of each lecture are checked (`structure`), and nbgrader makes the
released notebook (`release`). Where code changed, both notebooks are run (`execution`), and the solution and the known answers are judged
(`answers`). The released notebook is written only after everything under ``course/`` was searched for secrets (`leaks`). Building again
changes no byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.build.answers import answer_findings, is_judged, judged_digest, note_judged
from autograder.build.execution import code_digest, execute, figure_findings, score_findings, stderr_findings, working_copy
from autograder.build.leaks import leak_findings, secrets_of
from autograder.build.pairing import METADATA_KEY, Conflict, Source, normalise, read_source, text_of
from autograder.build.release import ReleaseError, is_ignored, release
from autograder.build.structure import Parts, exercises, needs_coursekit, places_to_fill, structure_findings
from autograder.errors import BuildError
from autograder.files import write_atomically
from autograder.model.course import Course, Lecture, layout_of

__all__ = ["Built", "build"]

_KEPT = ("jupytext", METADATA_KEY)
_BUILD = "run «autograder build {}»"


@dataclass(frozen=True)
class Built:
    """The result of a build.

    Parameters
    ----------
    lectures : tuple of str
        The ids of the built or checked lectures.
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
        The course.
    lectures : iterable of Lecture
        The lectures; by default all with a folder in ``solutions/``.
    check : bool
        Write nothing, run nothing, and report everything that a build would change.
    report : callable
        Called with a message about each step.
    force : bool
        Run notebooks and judge answers whose code did not change, too.

    Raises
    ------
    CourseError
        If the course has no checks for students of its own, which a build runs.
    BuildError
        With all findings. A solution notebook that ran is written nevertheless; ``course/`` is written only without findings.
    """
    needs_coursekit(course)
    lectures = tuple(lectures) or tuple(lecture for lecture in course.lectures() if lecture.source.parent.is_dir())
    if not lectures:
        raise BuildError(f"there is nothing to build: {course.root / layout_of(course.root).source} has no folder like 01_topic.")
    return _Build(course, lectures, check, report, force).run()


class _Build:
    """One build with its findings, and the lists of incomplete lectures, executed notebooks and written files."""

    def __init__(self, course: Course, lectures: tuple[Lecture, ...], check: bool, report: Callable[[str], None], force: bool) -> None:
        self.course, self.lectures, self.check, self.report, self.force = course, lectures, check, report, force
        self.findings: list[str] = []
        self.incomplete: list[Lecture] = []
        self.executed: list[str] = []
        self.written: list[Path] = []
        self._notebooks: dict[Lecture, NotebookNode] | None = None

    def run(self) -> Built:
        """Run all steps; raise all findings together."""
        sources = {lecture: source for lecture in self.lectures if (source := self._source(lecture)) is not None}
        self._unique_exercises(sources)
        released = self._released(sources)
        for lecture, source in sources.items():
            if lecture.released in released:  # solutions are scored by the points of the released notebook
                self._update_pair(lecture, source, released)
        self._search_for_leaks(sources, released)
        self._release(released)
        if self.findings:
            raise BuildError(_listed(self.findings))
        return Built(tuple(lecture.id for lecture in self.lectures), tuple(self.executed), tuple(self.written))

    def _find(self, lecture: Lecture, *sentences: str) -> None:
        self.findings += [f"{lecture.id}: {sentence}" for sentence in sentences]

    # --- solutions/ -----------------------------------------------------------------------------------------------------------

    def _source(self, lecture: Lecture) -> Source | None:
        """Read a lecture's pair, and check its structure."""
        try:
            source = read_source(lecture.source.with_suffix(".py"), lecture.source)
        except Conflict as conflict:
            self._find(lecture, str(conflict))
            return None
        notebook = normalise(source.notebook, keep=_KEPT)
        notebook.metadata["jupytext"] = {"formats": "ipynb,py:percent"}
        parts, script = Parts(self.course.root, lecture.slug), lecture.source.with_suffix(".py").relative_to(self.course.root)
        unfinished = [*places_to_fill(source.script, script), *parts.places_to_fill()]
        findings = structure_findings(notebook, parts)
        self._find(lecture, *unfinished, *findings)
        if findings:
            self.incomplete.append(lecture)
        return None if unfinished else source

    def _update_pair(self, lecture: Lecture, source: Source, released: dict[Path, bytes]) -> None:
        """Run a notebook whose code changed since the last run, check its outputs, and write both files of the pair."""
        notebook = source.notebook
        parts = Parts(self.course.root, lecture.slug)
        digest = code_digest(notebook, (parts.public, parts.suite))
        stale = notebook.metadata.get(METADATA_KEY, {}).get("code") != digest
        if self.check and (stale or source.drift):
            old = f"the outputs in {lecture.source.name} are of other code, points or tests" if stale else ""
            self._find(lecture, *(f"{what}: {_BUILD.format(lecture.id)}." for what in (source.drift, old) if what))
            return
        if not self.check:
            self._judge(lecture, source, digest)
        if (stale or self.force) and not self.check and not self._run(lecture, notebook, released):
            return
        findings = [*stderr_findings(notebook), *score_findings(notebook), *figure_findings(notebook)]
        self._find(lecture, *findings)
        if not self.check and (stale or self.force):
            findings += self._run_released(lecture, released)
        # With findings no digest is stored, so the notebook runs again: the cause may be outside of it.
        notebook.metadata[METADATA_KEY] = nbformat.from_dict({"code": "" if findings else digest, "source": source.digest})
        self._put(lecture, lecture.source.with_suffix(".py"), source.script)
        self._put(lecture, lecture.source, text_of(notebook))

    def _run(self, lecture: Lecture, notebook: NotebookNode, released: dict[Path, bytes]) -> bool:
        """Run a solution notebook; return whether all its cells ran."""
        self.report(f"{lecture.id}: running the solutions")
        self.executed.append(lecture.id)
        with working_copy(self.course.root, lecture, released) as folder:
            failure = execute(notebook, folder)
        normalise(notebook, keep=_KEPT)  # the kernel wrote its version into the metadata
        if failure:
            self._find(lecture, f"{failure}.")
        return not failure

    def _run_released(self, lecture: Lecture, released: dict[Path, bytes]) -> list[str]:
        """Run the released notebook as it is, without any solution, and return what a student would meet."""
        self.report(f"{lecture.id}: running the released notebook, where nothing is solved yet")
        notebook = nbformat.reads(released[lecture.released].decode(), as_version=4)
        with working_copy(self.course.root, lecture, released) as folder:
            failure = execute(notebook, folder, strict=False)
        findings = [f"in a student's notebook {failure}: what uses functions of exercises belongs into «if ready(…):»."] if failure else []
        self._find(lecture, *findings)
        return findings

    def _judge(self, lecture: Lecture, source: Source, code: str) -> None:
        """Judge the solution and the known answers, if anything that matters changed since they were found right."""
        digest = judged_digest(lecture, code)
        if lecture in self.incomplete or (is_judged(lecture, digest) and not self.force):
            return
        self.report(f"{lecture.id}: judging the known answers")
        findings = answer_findings(lecture, Parts(self.course.root, lecture.slug), source.script)
        self._find(lecture, *findings)
        if not findings:
            note_judged(lecture, digest)

    def _unique_exercises(self, sources: dict[Lecture, Source]) -> None:
        """Find names that two lectures have, over the whole course; the finding belongs to a lecture that is being built."""
        homes: dict[str, list[Lecture]] = {}
        for lecture, notebook in self._everything(sources).items():
            for name in exercises(notebook):
                homes.setdefault(name, []).append(lecture)
        for lecture in sources:
            for name in exercises(sources[lecture].notebook):
                for other in homes[name]:
                    if other != lecture:
                        self._find(lecture, f"the exercise {name} is in {other.id} too: names are unique over the course.")

    def _everything(self, sources: dict[Lecture, Source]) -> dict[Lecture, NotebookNode]:
        """Return the source notebooks of all lectures, also of those that aren't being built."""
        if self._notebooks is None:
            found = {
                lecture: sources[lecture].notebook if lecture in sources else _notebook_of(lecture) for lecture in self.course.lectures()
            }
            self._notebooks = {lecture: notebook for lecture, notebook in found.items() if notebook is not None}
        return self._notebooks

    # --- course/ --------------------------------------------------------------------------------------------------------------

    def _released(self, sources: dict[Lecture, Source]) -> dict[Path, bytes]:
        """Return the released files by path, without writing them."""
        self.report("making the released notebooks")
        released: dict[Path, bytes] = {}
        for lecture, source in sources.items():
            try:
                released |= release(self.course.root, lecture, source.notebook)
            except ReleaseError as refusal:
                self._find(lecture, f"{refusal}.")
        return released

    def _search_for_leaks(self, sources: dict[Lecture, Source], released: dict[Path, bytes]) -> None:
        """Search the present and the new files under course/."""
        self.report("searching course/ for leaks")
        root, layout = self.course.root, layout_of(self.course.root)
        on_disk = {
            path: path.read_bytes() for path in sorted((root / layout.release).rglob("*")) if path.is_file() and not is_ignored(path)
        }
        self._stray(on_disk, released, sources)
        # Lectures that are not being built have their secrets, too.
        notebooks = {lecture.id: notebook for lecture, notebook in self._everything(sources).items()}
        secrets = secrets_of(notebooks, root / layout.hidden)
        # A stale notebook that a build replaces is drift, not a leak to mend; a check looks at what is there now.
        searched = {**released, **on_disk} if self.check else {**on_disk, **released}
        self.findings += leak_findings(searched, secrets, root)
        if self.check:
            self.findings += [text for text in leak_findings(released, secrets, root) if text not in self.findings]

    def _stray(self, on_disk: dict[Path, bytes], released: dict[Path, bytes], sources: dict[Lecture, Source]) -> None:
        """Find files in a lecture's released folder that aren't made from its source."""
        for lecture in sources:
            folder = lecture.released.parent
            strays = [path for path in on_disk if folder in path.parents and path not in released]
            for path in strays if lecture.released in released else ():
                self._find(lecture, f"{path.relative_to(self.course.root)} is not made from solutions/: delete it, or put it there.")

    def _release(self, released: dict[Path, bytes]) -> None:
        """Write the released files, unless there are findings."""
        for lecture in self.lectures:
            for path, content in released.items():
                if lecture.released.parent in path.parents and (self.check or not self.findings):
                    self._put(lecture, path, content)

    def _put(self, lecture: Lecture, path: Path, content: str | bytes) -> None:
        """Write `content` to a file if it differs, or report the difference in a check."""
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
    """Return a lecture's source notebook; None if it can't be read."""
    try:
        return read_source(lecture.source.with_suffix(".py"), lecture.source).notebook
    except Conflict:
        return None


def _listed(findings: list[str]) -> str:
    findings = list(dict.fromkeys(findings))
    head = "One thing is wrong:" if len(findings) == 1 else f"{len(findings)} things are wrong:"
    return "\n".join((head, *(f"  - {finding}" for finding in findings)))
