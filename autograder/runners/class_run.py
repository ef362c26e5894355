"""Grades a class: reads the notebooks, sends tasks to workers, and stores the results.

Notebooks are read one after the other, and only those being graded are in memory, so a class can have any size. A result is stored under
the hash of everything that determines it (`fingerprint`), so an interrupted run can be resumed, and equal submissions are graded once.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.errors import AutograderError, SubmissionError, unexpected
from autograder.limits import Limits
from autograder.model.course import Course, Lecture
from autograder.model.results import SubmissionResult
from autograder.model.submission import Submission, read_submission, spelled
from autograder.runners.grader_version import Installed, InstalledCache, digest_of, installed
from autograder.runners.local import Job, LocalProcesses, ThisProcess, Workers
from autograder.runners.protocol import Task
from autograder.runners.result_store import ResultCache, Store, keep

LATEST = Path(".autograder") / "latest"


@dataclass(frozen=True)
class Handin:
    """A notebook to grade: its path, its student, and its lecture if it is in ``submitted/``."""

    path: Path
    student: str
    lecture: Lecture | None = None


@dataclass(frozen=True)
class Options:
    """Options of a run. `confine` and `limits` (changes to the lectures' limits) affect the result, the others don't."""

    confine: bool = True
    limits: Mapping[str, object] = field(default_factory=dict)
    jobs: int = 1
    cache: bool = True
    scheduler: str = ""


def handins(names: Iterable[str], course: Course) -> list[Handin]:
    """Return the notebooks that the arguments of ``autograder grade`` name.

    Parameters
    ----------
    names : iterable of str
        Notebooks, folders of notebooks, or lectures (id or slug), which stand for all their submissions.
    course : Course
        The course of these lectures and submissions.

    Raises
    ------
    CourseError, SubmissionError
        If a name is none of these, or nothing was handed in for it.
    """
    found: list[Handin] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            notebooks = sorted(path.glob("*.ipynb"))
            if not notebooks:
                raise SubmissionError(f"there is no notebook (*.ipynb) in {path}")
            found += [_handin(notebook, course) for notebook in notebooks]
        elif path.suffix == ".ipynb" or path.exists():
            found.append(_handin(path, course))
        elif os.sep in name:
            raise SubmissionError(f"there is no file or folder {name}")
        else:
            found += submitted(course, course.lecture(name))
    return found


def submitted(course: Course, lecture: Lecture) -> list[Handin]:
    """Return all that was handed in for a lecture.

    Raises
    ------
    SubmissionError
        If nothing was.
    """
    folders = list(_folders(course, lecture))
    if not folders:
        where = course.root / "submitted" / "<student>" / lecture.id
        raise SubmissionError(f"nothing was handed in for {lecture.id}: there is no {where}/{lecture.slug}.ipynb")
    return [Handin(folder / f"{lecture.slug}.ipynb", folder.parent.name, lecture) for folder in folders]


def _folders(course: Course, lecture: Lecture) -> Iterator[Path]:
    """Yield each student's folder for a lecture, also an unreadable one, which the reader reports."""
    where = course.root / "submitted"
    for student in sorted(where.iterdir()) if where.is_dir() else ():
        folder = student / lecture.id
        try:
            os.lstat(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            pass
        yield folder


def _handin(path: Path, course: Course) -> Handin:
    """Return a hand-in with student and lecture from the notebook's path, if that is in ``submitted/``."""
    try:
        student, lecture, _ = path.resolve().relative_to(course.root.resolve() / "submitted").parts
    except ValueError:
        return Handin(path, path.stem)
    return Handin(path, student, course.lecture(lecture))


def grade(
    hand_ins: Sequence[Handin], course: Course, options: Options, meanwhile: Callable[[], None] = lambda: None
) -> Generator[SubmissionResult, None, None]:
    """Grade notebooks, and yield each result as soon as it is available; results of ``submitted/`` are stored for `latest`.

    Parameters
    ----------
    hand_ins : sequence of Handin
        The notebooks.
    course : Course
        The course of their lectures.
    options : Options
    meanwhile : callable, optional
        Called each time before this process waits for workers.

    Yields
    ------
    SubmissionResult
        One for each notebook, in order of completion; ``graded == False`` and a problem if it can't be graded.
    """
    lectures = {spelled(str(hand_in.path)): hand_in.lecture for hand_in in hand_ins if hand_in.lecture}
    for result in _results(hand_ins, course, options, meanwhile):
        if result.notebook in lectures:
            keep(Store(course.root / LATEST / lectures[result.notebook].id), _key(result.student), result)
        yield result


def latest(course: Course, lecture: Lecture) -> list[SubmissionResult]:
    """Return the latest result of each student with a submission for a lecture."""
    store = Store(course.root / LATEST / lecture.id)
    return list(filter(None, (store.get(_key(folder.parent.name)) for folder in _folders(course, lecture))))


def students_of(course: Course, lecture: Lecture) -> frozenset[str]:
    """Return all students with a submission for a lecture."""
    return frozenset(spelled(folder.parent.name) for folder in _folders(course, lecture))


def _key(student: str) -> str:
    """Return the key of a student's latest result: a hash, because a name can be too long for a file's."""
    return hashlib.sha256(spelled(student).encode()).hexdigest()


def _results(hand_ins: Sequence[Handin], course: Course, options: Options, meanwhile: Callable[[], None]) -> Iterator[SubmissionResult]:
    """Read the notebooks one after the other, submit tasks while workers have room, and yield results."""
    waiting: dict[str, list[Submitter]] = {}
    installed_graders = InstalledCache()
    with _workers(options, len(hand_ins)) as workers, ResultCache(course.root, options.cache) as cache:

        def arrived() -> Iterator[SubmissionResult]:
            meanwhile()
            for done in workers.done():
                result = done.result or SubmissionResult("", waiting[done.key][0].lecture, "", problems=(done.why,), graded=False)
                cache.put(done.key, result)
                yield from (submitter.own(result) for submitter in waiting.pop(done.key))

        for hand_in in hand_ins:
            while workers.full:
                yield from arrived()
            try:
                submission = read_submission(hand_in.path, course, hand_in.student, hand_in.lecture)
                grader = installed_graders.get(submission.lecture.hidden)
                key = fingerprint(submission, options, grader)
                submitter = Submitter(submission.student, submission.lecture.id, submission.path)
                known = None if key in waiting else cache.get(key)
                task = b"" if key in waiting or known else task_of(submission, options, grader).to_bytes()
            except SubmissionError as error:
                yield ungraded(hand_in, str(error))
                continue
            except AutograderError:  # an error of the course: end the run
                raise
            except Exception as error:
                yield ungraded(hand_in, f"reading it failed ({unexpected(error)})")
                continue
            if key in waiting:
                waiting[key].append(submitter)
            elif known:
                yield submitter.own(known)
            else:
                waiting[key] = [submitter]
                workers.submit(Job(key, task))
        workers.no_more()
        while waiting:
            yield from arrived()


@dataclass(frozen=True)
class Submitter:
    """Student, lecture and path of a submission that is being graded; the rest of it isn't kept."""

    student: str
    lecture: str
    notebook: str

    def own(self, result: SubmissionResult) -> SubmissionResult:
        """Return a copy of a result, possibly of another student's equal code, for this submission."""
        return replace(result, student=self.student, notebook=self.notebook)


def task_of(submission: Submission, options: Options, grader: Installed | None = None) -> Task:
    """Return the task for a worker."""
    lecture = submission.lecture
    return Task(
        lecture=lecture.id,
        points=lecture.points,
        cells=submission.cells,
        problems=submission.problems,
        limits=limits_of(submission, options),
        confine=options.confine,
        grader=grader or installed(lecture.hidden),
        hidden=str(lecture.hidden.folder.resolve()),
    )


def _workers(options: Options, hand_ins: int) -> Workers:
    """Return the workers that the options ask for."""
    if options.scheduler:
        from autograder.runners.dask_cluster import Cluster

        return Cluster(options.scheduler)
    if options.jobs <= 1 or hand_ins <= 1:
        return ThisProcess()
    return LocalProcesses(min(options.jobs, hand_ins))


def limits_of(submission: Submission, options: Options) -> Limits:
    """Return the limits of a submission: its lecture's, with the changes in `options`."""
    return submission.lecture.limits.changed(options.limits)


def ungraded(hand_in: Handin, why: str) -> SubmissionResult:
    """Return the result of a submission that can't be graded."""
    lecture = hand_in.lecture.id if hand_in.lecture else ""
    return SubmissionResult(spelled(hand_in.student), lecture, spelled(str(hand_in.path)), problems=(why,), graded=False)


def fingerprint(submission: Submission, options: Options, grader: Installed | None = None) -> str:
    """Return the hash of everything that determines a submission's result.

    The version of the kernel's Landlock isn't in it: what an old one doesn't refuse, the filter of system calls does.
    """
    lecture = submission.lecture
    code = [(cell.label, cell.source, cell.name, cell.lazy) for cell in submission.cells]
    how = [options.confine, repr(limits_of(submission, options)), digest_of(lecture.released), vars(grader or installed(lecture.hidden))]
    parts = [lecture.id, code, submission.problems, how]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
