"""A lecture goes out through nbgrader's exchange and comes back, and the feedback reaches those who handed in: nbgrader's own commands."""

from __future__ import annotations

import json
import shutil
from decimal import InvalidOperation
from pathlib import Path

import pytest
from nbgrader.utils import parse_utc

from autograder.gradebook.exchange_files import SECRET, STAMP_BYTES, TIMESTAMP, secret_in, time_of, timestamp_in

LECTURE, SLUG = "03_initialization", "initialization"
NO_TIME = f"{'9' * 60}.5h"  # makes dateutil raise decimal.InvalidOperation, which is no ValueError


def command(outside, name, student=""):
    """Return one of the exchange's commands, as the instructor gives it or as a student does."""
    theirs = [f"--Exchange.cache={outside / student / 'cache'}", f"--Exchange.assignment_dir={outside / student}"]
    return [name, LECTURE, f"--Exchange.root={outside / 'exchange'}", *(theirs if student else [])]


def run(folder, *commands):
    statuses, said = folder.nbgrader(*commands)
    assert not any(statuses), said


@pytest.fixture(scope="module")
def collected(new_folder, tmp_path_factory):
    """Three students fetch and submit; the files that the exchange wrote for mal are no longer what they were."""
    folder, outside = new_folder("exchanged", database=True), tmp_path_factory.mktemp("outside")
    root = outside / "exchange"
    root.mkdir()
    root.chmod(0o777)  # as nbgrader wants it
    for student in ("ann", "ben", "mal"):
        (outside / student).mkdir()
    fetching = [command(outside, "fetch_assignment", student) for student in ("ann", "ben", "mal")]
    run(folder, command(outside, "release_assignment"), *fetching)
    for student, sources in {"ann": {name: folder.answer(name) for name in ("fans", "glorot_normal")}, "ben": {}, "mal": {}}.items():
        path = outside / student / LECTURE / f"{SLUG}.ipynb"
        notebook = json.loads(path.read_text())
        assert notebook == folder.released
        path.write_text(json.dumps(folder.notebook(sources)))
    submitting = [[*command(outside, "submit", student), f"--student={student}"] for student in ("ann", "ben", "mal")]
    run(folder, *submitting, command(outside, "collect"))
    handed_in = folder.path / "submitted" / "mal" / LECTURE
    (handed_in / TIMESTAMP).write_text(NO_TIME)
    (handed_in / SECRET).unlink()
    return folder, outside


@pytest.fixture(scope="module", params=["autograder grade", "nbgrader autograde"])
def returned(request, collected, folder_at, tmp_path_factory):
    """What was collected is graded, and the students fetch their feedback."""
    place = tmp_path_factory.mktemp("returned")
    folder, outside = folder_at(place / "course"), place / "outside"
    shutil.copytree(collected[0].path, folder.path)
    shutil.copytree(collected[1], outside)
    marking = []
    if request.param == "autograder grade":
        folder.grade()
    else:
        marking.append(["autograde", LECTURE])
    fetching = [command(outside, "fetch_feedback", student) for student in ("ann", "ben")]
    run(folder, *marking, *(command(outside, name) for name in ("generate_feedback", "release_feedback")), *fetching)
    return folder, outside


def test_each_gets_the_feedback_on_what_was_handed_in(returned):
    """Everybody has one page, and it is theirs."""
    _, outside = returned
    pages = {student: list((outside / student / LECTURE / "feedback").rglob("*.html")) for student in ("ann", "ben")}
    assert [len(found) for found in pages.values()] == [1, 1]
    assert "Not attempted" not in pages["ann"][0].read_text() and "Not attempted" in pages["ben"][0].read_text()


def test_what_the_exchange_wrote_goes_on(returned):
    """Both files are in autograded/ as they came; who has no usable ones has no time, and a secret that nobody knows."""
    folder, _ = returned
    for student in ("ann", "ben"):
        came, went = (folder.path / step / student / LECTURE for step in ("submitted", "autograded"))
        assert all((came / name).read_bytes() == (went / name).read_bytes() for name in (TIMESTAMP, SECRET))
    went = folder.path / "autograded" / "mal" / LECTURE
    assert (went / TIMESTAMP).read_text() == "" and len((went / SECRET).read_text()) == 128
    assert {row.student.id: row.timestamp is None for row in folder.rows("SubmittedAssignment")} == {
        "ann": False,
        "ben": False,
        "mal": True,
    }


def test_grading_again_changes_nothing(returned):
    """The secret that was made up stays."""
    folder, _ = returned
    before = {path: path.read_bytes() for path in (folder.path / "autograded").rglob("*") if path.is_file()}
    folder.grade()
    assert before == {path: path.read_bytes() for path in (folder.path / "autograded").rglob("*") if path.is_file()}


@pytest.fixture
def submitted(tmp_path):
    """A student's folder in submitted/."""
    folder = tmp_path / "submitted" / "ann" / LECTURE
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("text", [NO_TIME, "yesterday", "", "2026-03-01 10:00:00 UTC" + " " * STAMP_BYTES, "9" * 50, "\0", "1e9 1e9 1e9"])
def test_what_is_no_time(submitted, text):
    """Nothing is raised, and nbgrader gets nothing to read that it couldn't."""
    with pytest.raises(InvalidOperation):
        parse_utc(NO_TIME)
    (submitted / TIMESTAMP).write_text(text)
    assert timestamp_in(submitted) == "" and time_of(timestamp_in(submitted)) is None


@pytest.mark.parametrize("secret", ["", "s" * 2000, "Übung", "two\nlines", "\0", b"\xff"])
def test_what_is_no_secret(submitted, tmp_path, secret):
    """nbgrader would stop at each of them."""
    (submitted / SECRET).write_bytes(secret if isinstance(secret, bytes) else secret.encode())
    made_up = secret_in(submitted, tmp_path / "autograded" / "ann" / LECTURE)
    assert len(made_up) == 128 and made_up != secret_in(submitted, tmp_path / "autograded" / "ann" / LECTURE)


@pytest.mark.parametrize("linked", ["file", "folder", "student"])
def test_no_link_is_followed(tmp_path, submitted, linked):
    """Neither of the file nor of a folder above it: it could lead to another student's, or to any file of the instructor's."""
    theirs = tmp_path / "submitted" / "ben" / LECTURE
    theirs.mkdir(parents=True)
    (theirs / TIMESTAMP).write_text("2026-03-01 10:00:00 UTC")
    (theirs / SECRET).write_text("secret")
    assert timestamp_in(theirs) and secret_in(theirs, submitted) == "secret"
    if linked == "file":
        for name in (TIMESTAMP, SECRET):
            (submitted / name).symlink_to(theirs / name)
    else:
        link, target = (submitted, theirs) if linked == "folder" else (submitted.parent, theirs.parent)
        shutil.rmtree(link)
        link.symlink_to(target)
    assert timestamp_in(submitted) == "" and secret_in(submitted, Path("nowhere", "ann", LECTURE)) != "secret"
