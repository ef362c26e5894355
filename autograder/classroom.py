"""Many submissions: who is graded, by how many processes, and what was graded before.

Submissions are independent of each other, so a class is a map over them. A `Task` carries everything that a worker needs as bytes, and a
worker keeps one warm zygote. A result is stored under the hash of everything that determines it, so a run that was cut off goes on where
it was, and of two equal submissions one is graded.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from .course import PACKAGE, Course, Lecture
from .errors import SubmissionError
from .grading import grade_submission
from .limits import Limits
from .results import SubmissionResult, submission_from_json, submission_to_json
from .sandbox.host import Sandbox
from .submission import Submission, read_submission, spelled

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
    """How to grade: everything here but `jobs` and `cache` determines the result. `limits` changes those of the lectures."""

    confine: bool = True
    limits: Mapping[str, object] = field(default_factory=dict)
    jobs: int = 1
    cache: bool = True


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


def grade(hand_ins: Sequence[Handin], course: Course, options: Options) -> Iterator[SubmissionResult]:
    """Grade notebooks, and yield each result as soon as it is there; those of ``submitted/`` are kept for `latest`.

    Parameters
    ----------
    hand_ins : sequence of Handin
        What to grade.
    course : Course
        Where the lectures are.
    options : Options
        How.

    Yields
    ------
    SubmissionResult
        One for each, in the order in which they are done; one that can't be graded has ``graded == False`` and says why.
    """
    theirs = {spelled(str(hand_in.path)): hand_in.lecture for hand_in in hand_ins if hand_in.lecture}
    for result in _results(hand_ins, course, options):
        if result.notebook in theirs:
            Store(course.root / LATEST / theirs[result.notebook].id).put(_key(result.student), result)
        yield result


def latest(course: Course, lecture: Lecture) -> list[SubmissionResult]:
    """Return the last result of everyone who handed in a lecture and was graded."""
    store = Store(course.root / LATEST / lecture.id)
    return list(filter(None, (store.get(_key(folder.parent.name)) for folder in _folders(course, lecture))))


def _key(student: str) -> str:
    """Return the key of a student's last result: the name itself can be too long for a file's."""
    return hashlib.sha256(spelled(student).encode()).hexdigest()


def _results(hand_ins: Iterable[Handin], course: Course, options: Options) -> Iterator[SubmissionResult]:
    store = Store(course.root / STORE) if options.cache else None
    waiting: dict[str, list[tuple[Handin, Submission]]] = {}
    for hand_in in hand_ins:
        try:
            submission = read_submission(hand_in.path, course, hand_in.student, hand_in.lecture)
        except SubmissionError as error:
            yield ungraded(hand_in, str(error))
            continue
        key = fingerprint(submission, options)
        known = store.get(key) if store else None
        if known:
            yield _addressed(known, submission)
        else:
            waiting.setdefault(key, []).append((hand_in, submission))
    tasks = [(key, twins[0][1]) for key, twins in waiting.items()]
    for key, result in _graded(tasks, course, options):
        if store and _lasting(result):
            store.put(key, result)
        for _, submission in waiting[key]:
            yield _addressed(result, submission)


def limits_of(submission: Submission, options: Options) -> Limits:
    """Return what a submission may use: the lecture's limits, with the changes that were asked for."""
    return submission.lecture.limits.changed(options.limits)


def ungraded(hand_in: Handin, why: str) -> SubmissionResult:
    """Return the result of a submission that can't be graded."""
    lecture = hand_in.lecture.id if hand_in.lecture else ""
    return SubmissionResult(spelled(hand_in.student), lecture, spelled(str(hand_in.path)), problems=(why,), graded=False)


def _addressed(result: SubmissionResult, submission: Submission) -> SubmissionResult:
    return replace(result, student=submission.student, notebook=submission.path)


def _lasting(result: SubmissionResult) -> bool:
    """Tell whether a result would come out the same again: a timeout on a busy machine might not."""
    return result.graded and all(exercise.status != "timeout" for exercise in result.exercises)


# --- workers --------------------------------------------------------------------------------------------------------------


def _graded(tasks: list[tuple[str, Submission]], course: Course, options: Options) -> Iterator[tuple[str, SubmissionResult]]:
    if options.jobs <= 1 or len(tasks) <= 1:
        if tasks:
            with Sandbox(confine=options.confine) as sandbox:
                for key, submission in tasks:
                    yield key, grade_submission(submission, sandbox, limits_of(submission, options))
        return
    with _pool(min(options.jobs, len(tasks)), options) as pool:
        futures = {pool.submit(_work, submission, limits_of(submission, options)): (key, submission) for key, submission in tasks}
        yield from _collected(futures)


def _collected(futures: dict[Future[SubmissionResult], tuple[str, Submission]]) -> Iterator[tuple[str, SubmissionResult]]:
    for future in as_completed(futures):
        key, submission = futures.pop(future)
        try:
            yield key, future.result()
        except BrokenProcessPool:
            why = "a grading process was ended from outside (out of memory?); grade again to go on with what is missing"
            yield key, SubmissionResult(submission.student, submission.lecture.id, submission.path, problems=(why,), graded=False)


def _pool(jobs: int, options: Options) -> Executor:
    # BLAS reads these when NumPy is imported; more threads than cores would make every guest slower
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_open_sandbox, initargs=(options.confine,))


_sandbox: Sandbox | None = None


def _open_sandbox(confine: bool) -> None:
    """Start this worker's zygote; it ends when the worker does."""
    global _sandbox
    _sandbox = Sandbox(confine=confine).__enter__()


def _work(submission: Submission, limits: Limits) -> SubmissionResult:
    assert _sandbox is not None
    return grade_submission(submission, _sandbox, limits)


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
        """Store a result: written beside its place and renamed, so that it is there whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f"{key}.{os.getpid()}.tmp"
        unfinished.write_text(json.dumps(submission_to_json(result)), encoding="utf-8")
        os.replace(unfinished, self.folder / f"{key}.json")


def fingerprint(submission: Submission, options: Options) -> str:
    """Return the hash of everything that determines a submission's result."""
    code = [(cell.label, cell.source, cell.name, cell.lazy) for cell in submission.cells]
    how = [options.confine, repr(limits_of(submission, options)), lecture_fingerprint(submission.lecture)]
    parts = [submission.lecture.id, code, submission.problems, how]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@lru_cache
def lecture_fingerprint(lecture: Lecture) -> str:
    """Return the hash of the lecture's files, the graders' own code, and the versions of what they stand on."""
    import coursekit

    digest = hashlib.sha256()
    code = [*PACKAGE.glob("*.py"), *(PACKAGE / "sandbox").glob("*.py"), *Path(coursekit.__file__).parent.glob("*.py")]
    own = [PACKAGE / kind / f"{lecture.slug}.py" for kind in ("reference", "misconceptions")]
    for path in sorted([*code, *own, lecture.suite, lecture.released]):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    versions = [platform.python_version(), platform.machine(), *(version(name) for name in ("numpy", "scipy", "pytest", "msgpack"))]
    digest.update(json.dumps(versions).encode())
    return digest.hexdigest()
