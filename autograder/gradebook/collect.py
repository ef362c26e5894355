"""Collectors for ``nbgrader zip_collect``: students and notebooks in the files that Canvas or Moodle hands out.

They map the names in these files to students by the roster. ``docs/gradebooks.md`` describes their use.

What stands below the name that the system gives, and behind it, is the student's: the regular expressions take the outermost folder or file
that can be the system's, and in it the first place. They are matched with the path from the folder with the extracted files.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbgrader.plugins import FileNameCollectorPlugin
from traitlets import Unicode

from autograder.errors import CourseError, in_one_line
from autograder.gradebook.roster import Member, Roster, listed
from autograder.model.course import Course


@dataclass(frozen=True)
class Found:
    """A notebook in the archive: its path, student, name without suffix, and the number of the upload, larger for a later one."""

    path: Path
    student: str
    notebook: str
    upload: int


class RosterCollector(FileNameCollectorPlugin):
    """What the collectors have in common.

    Of several files for one notebook the one that was uploaded last is collected. Where their names don't tell and they differ, none is,
    with a message: nbgrader would stop for the whole class.
    """

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Return student and notebook of a file; None if it isn't collected."""
        return self._chosen.get(Path(submitted_file))

    def student(self, groups: Mapping[str, str], roster: Mapping[str, Member]) -> str:
        """Return the student that the groups of `named_regexp` name.

        Raises
        ------
        CourseError
            If the roster has none, or more than one.
        """
        raise NotImplementedError

    @cached_property
    def _chosen(self) -> dict[Path, dict[str, str]]:
        """What is returned for each file that is collected."""
        app = self.parent
        try:
            roster = Roster(parent=self).members(Path(app.coursedir.root))
            slug = Course(Path(app.coursedir.root)).lecture(app.coursedir.assignment_id).slug
        except CourseError as error:
            self.log.error(str(error))
            sys.exit(1)
        found: dict[tuple[str, str], list[Found]] = {}
        for one in self._found(roster, slug):
            found.setdefault((one.student, one.notebook), []).append(one)
        chosen = [last for several in found.values() if (last := self._last(several))]
        if missing := [student for student in roster if student not in {one.student for one in chosen}]:
            self.log.info("No notebook of: %s", listed(missing))
        return {one.path: {"student_id": one.student, "file_id": one.notebook} for one in chosen}

    def _found(self, roster: Mapping[str, Member], slug: str) -> Iterator[Found]:
        """Yield the notebooks among the extracted files; log those of unknown students."""
        app = self.parent
        names = {
            "downloaded": app.downloaded_directory,
            "assignment_id": app.coursedir.assignment_id,
            "collect_step": app.extracted_directory,
        }
        folder = Path(app.coursedir.root, app.collect_directory_structure.format(**names))
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            groups = None if path.name.startswith(".") else super().collect(path.relative_to(folder).as_posix())
            if groups:
                try:
                    yield Found(path, self.student(groups, roster), _released_name(groups["file_id"], slug), int(groups.get("upload") or 0))
                except CourseError as error:
                    self.log.error("Not collected: %s (%s)", in_one_line(str(path.relative_to(folder))), error)

    def _last(self, several: list[Found]) -> Found | None:
        """Return the file that was uploaded last; None, with a message, if it can't be told."""
        latest = [one for one in several if one.upload == max(other.upload for other in several)]
        if len({one.path.read_bytes() for one in latest}) == 1:
            return latest[0]
        files = ", ".join(in_one_line(str(one.path)) for one in latest)
        self.log.error("Not collected, for %s has several: remove what doesn't count from the archive: %s", latest[0].student, files)
        return None


def _released_name(file: str, slug: str) -> str:
    """Return a notebook's name without suffix, and without a number that a browser or Canvas added: ``-1``, `` (1)``."""
    name = unicodedata.normalize("NFC", file).removesuffix(".ipynb")
    return slug if re.fullmatch(rf"{re.escape(slug)}(?:[-_ ]?(?:\d+|\(\d+\)))*", name, re.IGNORECASE) else name


class CanvasCollector(RosterCollector):
    """Files of *Download Submissions* in Canvas: ``lovelaceada_LATE_123_456789_momentum-1.ipynb``.

    The first number is the student's, the second one counts all uploads. The archive holds no times, so nothing is late for nbgrader.
    """

    named_regexp = Unicode(
        r"(?:(?!anon_|[^/]*\d_\d+_)[^/]+/)*(?!anon_)(?=(?P<name>[^/]+))"
        r"(?:[^/]*?_)?(?P<student_id>\d+)_(?P<upload>\d+)_(?:[^/]+/(?:.*/)?)?(?P<file_id>[^/]+)$",
        help="How Canvas names a file.",
    ).tag(config=True)

    def student(self, groups: Mapping[str, str], roster: Mapping[str, Member]) -> str:
        """Return the student with this Canvas number."""
        by_id = {member.id: member.student for member in roster.values() if member.id}
        if groups["student_id"] not in by_id:
            raise CourseError(f"no student in the roster has the id {groups['student_id']}")
        others = re.findall(r"(?=(?:^|_)(\d+)_\d+_)", groups.get("name") or "")
        if len(possible := sorted({by_id[number] for number in others if number in by_id})) > 1:  # a chosen name can hold any number
            raise CourseError(f"it could be of {listed(possible)}: rename it")
        return by_id[groups["student_id"]]


class MoodleCollector(RosterCollector):
    """Files of *Download all submissions* in Moodle: ``Ada Lovelace_12345_assignsubmission_file_/momentum.ipynb``, with folders or without.

    The number is another one in each assignment, so a student is found by name: in any order of its parts, without regard to case,
    punctuation, and how accents are encoded. Where two have the same name, a folder can be renamed so that it begins with the student's
    folder in ``submitted/``.
    """

    named_regexp = Unicode(
        r"(?:(?![^/]*_assignsubmission_)[^/]+/)*(?P<student_id>[^/]+?)_\d+_assignsubmission_file(?:_?/(?:.*/)?|_)(?P<file_id>[^/]+)$",
        help="How Moodle names a file.",
    ).tag(config=True)

    def student(self, groups: Mapping[str, str], roster: Mapping[str, Member]) -> str:
        """Return the student with this name."""
        name = groups["student_id"]
        if name in roster:
            return name
        same = [member.student for member in roster.values() if member.name and _words(member.name) == _words(name)]
        if len(same) == 1:
            return same[0]
        if same:
            raise CourseError(f"the roster has this name several times: {listed(same)}; write the student in place of the name")
        raise CourseError(f"the roster has no {in_one_line(name, 100)}")


def _words(name: str) -> list[str]:
    """Return what is compared of a name. Moodle leaves out punctuation, such as apostrophes."""
    return sorted(re.sub(r"[^\w\s]", "", unicodedata.normalize("NFC", name).casefold().replace("_", " ")).split())
