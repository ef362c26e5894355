"""Many submissions: who is graded, by whom, and what was graded before.

Submissions are independent of each other, so a class is a map over them. Notebooks are read one after the other, and only those that are
being graded are in memory, so a class can have any size. A result is stored under the hash of everything that determines it, so a run
that was cut off goes on where it was, and of equal submissions one is graded.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from autograder.errors import AutograderError, SubmissionError, unexpected
from autograder.files import sweep, write_atomically
from autograder.limits import Limits
from autograder.model.course import Course, Lecture
from autograder.model.results import KILLED, SubmissionResult, submission_from_json, submission_to_json
from autograder.model.submission import Submission, read_submission, spelled
from autograder.runners.grader_version import Installed, Looked, digest_of, installed
from autograder.runners.local import Job, LocalProcesses, ThisProcess, Workers
from autograder.runners.protocol import Task

STORE = Path(".autograder") / "results"
LATEST = Path(".autograder") / "latest"


@dataclass(frozen=True)
class Handin:
    """A notebook to grade: whose, where, and, if it lies in ``submitted/``, for which lecture."""

    path: Path
    student: str
    lecture: Lecture | None = None


@dataclass(frozen=True)
class Options:
    """How to grade: `confine` and `limits`, which changes those of the lectures, determine the result; the rest says who grades."""

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
        Notebooks, folders of notebooks, or lectures (id or slug): all that was submitted for one.
    course : Course
        Where lectures and submissions are.

    Raises
    ------
    CourseError, SubmissionError
        If a name is neither, or nothing was handed in for it.
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
    """Yield each student's folder for a lecture, also what is none or can't be looked into: the reader says so."""
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
    """Tell student and lecture of a notebook from where it lies: in ``submitted/``, or anywhere."""
    try:
        student, lecture, _ = path.resolve().relative_to(course.root.resolve() / "submitted").parts
    except ValueError:
        return Handin(path, path.stem)
    return Handin(path, student, course.lecture(lecture))


def grade(
    hand_ins: Sequence[Handin], course: Course, options: Options, meanwhile: Callable[[], None] = lambda: None
) -> Generator[SubmissionResult, None, None]:
    """Grade notebooks, and yield each result as soon as it is there; those of ``submitted/`` are kept for `latest`.

    Parameters
    ----------
    hand_ins : sequence of Handin
        What to grade.
    course : Course
        Where the lectures are.
    options : Options
        How.
    meanwhile : callable, optional
        What this process can do when all others have their tasks: called each time before it waits for them.

    Yields
    ------
    SubmissionResult
        One for each, in the order in which they are done; one that can't be graded has ``graded == False`` and says why.
    """
    theirs = {spelled(str(hand_in.path)): hand_in.lecture for hand_in in hand_ins if hand_in.lecture}
    for result in _results(hand_ins, course, options, meanwhile):
        if result.notebook in theirs:
            keep(Store(course.root / LATEST / theirs[result.notebook].id), _key(result.student), result)
        yield result


def latest(course: Course, lecture: Lecture) -> list[SubmissionResult]:
    """Return the last result of everyone who handed in a lecture and was graded."""
    store = Store(course.root / LATEST / lecture.id)
    return list(filter(None, (store.get(_key(folder.parent.name)) for folder in _folders(course, lecture))))


def _key(student: str) -> str:
    """Return the key of a student's last result: the name itself can be too long for a file's."""
    return hashlib.sha256(spelled(student).encode()).hexdigest()


def _results(hand_ins: Sequence[Handin], course: Course, options: Options, meanwhile: Callable[[], None]) -> Iterator[SubmissionResult]:
    """Read hand-ins one after the other, and keep only those in memory that are being graded."""
    waiting: dict[str, list[Whose]] = {}
    looked = Looked()
    with _workers(options, len(hand_ins)) as workers, Memory(course, options) as memory:

        def arrived() -> Iterator[SubmissionResult]:
            meanwhile()
            for done in workers.done():
                result = done.result or SubmissionResult("", waiting[done.key][0].lecture, "", problems=(done.why,), graded=False)
                memory.put(done.key, result)
                yield from (whose.own(result) for whose in waiting.pop(done.key))

        for hand_in in hand_ins:
            while workers.full:
                yield from arrived()
            try:
                submission = read_submission(hand_in.path, course, hand_in.student, hand_in.lecture)
                grader = looked.lately(submission.lecture.slug)
                key, whose = fingerprint(submission, options, grader), Whose(submission.student, submission.lecture.id, submission.path)
                known = None if key in waiting else memory.get(key)
                task = b"" if key in waiting or known else task_of(submission, options, grader).to_bytes()
            except SubmissionError as error:
                yield ungraded(hand_in, str(error))
                continue
            except AutograderError:  # the course's trouble, not this student's
                raise
            except Exception as error:
                yield ungraded(hand_in, f"reading it failed ({unexpected(error)})")
                continue
            if key in waiting:
                waiting[key].append(whose)
            elif known:
                yield whose.own(known)
            else:
                waiting[key] = [whose]
                workers.submit(Job(key, task))
        workers.no_more()
        while waiting:
            yield from arrived()


@dataclass(frozen=True)
class Whose:
    """Who handed in what is being graded: what has to be kept of a submission until its result is there."""

    student: str
    lecture: str
    notebook: str

    def own(self, result: SubmissionResult) -> SubmissionResult:
        """Return the result of equal code as this student's."""
        return replace(result, student=self.student, notebook=self.notebook)


class Memory:
    """What was graded before, in this run or in earlier ones; a context manager.

    What might come out otherwise another time, such as a timeout, and all that is graded with ``cache=False``, is known until the run ends.
    """

    def __init__(self, course: Course, options: Options) -> None:
        self._kept = Store(course.root / STORE) if options.cache else None
        with suppress(OSError):
            sweep(course.root / STORE)

    def __enter__(self) -> Memory:
        self._folder = tempfile.TemporaryDirectory(prefix="results-", ignore_cleanup_errors=True)
        self._passing = Store(Path(self._folder.name))
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def get(self, key: str) -> SubmissionResult | None:
        """Return what is known under `key`."""
        return self._passing.get(key) or (self._kept.get(key) if self._kept else None)

    def put(self, key: str, result: SubmissionResult) -> None:
        """Remember a result."""
        if not (self._kept and _lasting(result) and keep(self._kept, key, result)):
            with suppress(OSError):  # then equal code is graded again
                self._passing.put(key, result)


def task_of(submission: Submission, options: Options, grader: Installed | None = None) -> Task:
    """Return what a worker needs of a submission."""
    lecture = submission.lecture
    return Task(
        lecture=lecture.id,
        points=lecture.points,
        cells=submission.cells,
        problems=submission.problems,
        limits=limits_of(submission, options),
        confine=options.confine,
        grader=grader or installed(lecture.slug),
    )


def _workers(options: Options, hand_ins: int) -> Workers:
    """Return who grades."""
    if options.scheduler:
        from autograder.runners.dask_cluster import Cluster

        return Cluster(options.scheduler)
    if options.jobs <= 1 or hand_ins <= 1:
        return ThisProcess()
    return LocalProcesses(min(options.jobs, hand_ins))


def limits_of(submission: Submission, options: Options) -> Limits:
    """Return what a submission may use: the lecture's limits, with the changes that were asked for."""
    return submission.lecture.limits.changed(options.limits)


def ungraded(hand_in: Handin, why: str) -> SubmissionResult:
    """Return the result of a submission that can't be graded."""
    lecture = hand_in.lecture.id if hand_in.lecture else ""
    return SubmissionResult(spelled(hand_in.student), lecture, spelled(str(hand_in.path)), problems=(why,), graded=False)


def _lasting(result: SubmissionResult) -> bool:
    """Tell whether a result would come out the same again: a timeout or a lack of memory on a busy machine might not."""
    return result.graded and KILLED not in result.problems and all(exercise.status != "timeout" for exercise in result.exercises)


# --- what was graded before -----------------------------------------------------------------------------------------------


class Store:
    """Results on disk, a file each; the key is its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> SubmissionResult | None:
        """Return the result stored under `key`, if there is one that can be read."""
        try:
            return submission_from_json(json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, result: SubmissionResult) -> None:
        """Store a result, whole or not at all."""
        write_atomically(self.folder / f"{key}.json", json.dumps(submission_to_json(result)).encode())


def keep(store: Store, key: str, result: SubmissionResult) -> bool:
    """Store a result; where that can't be done, say so once, and go on."""
    try:
        store.put(key, result)
    except OSError as error:
        _lament(f"Results can't be kept in {STORE.parent} ({error.strerror}), so the next run grades these again.")
        return False
    return True


@lru_cache
def _lament(sentence: str) -> None:
    """Say a sentence, but once."""
    logging.getLogger(__name__).warning(sentence)


def fingerprint(submission: Submission, options: Options, grader: Installed | None = None) -> str:
    """Return the hash of everything that determines a submission's result.

    The version of the kernel's Landlock isn't in it: what an old one doesn't refuse, the filter of system calls does.
    """
    lecture = submission.lecture
    code = [(cell.label, cell.source, cell.name, cell.lazy) for cell in submission.cells]
    how = [options.confine, repr(limits_of(submission, options)), digest_of(lecture.released), vars(grader or installed(lecture.slug))]
    parts = [lecture.id, code, submission.problems, how]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
