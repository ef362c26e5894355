"""Notebooks that other people have written: those of nbgrader's own tests and documentation, each read, and graded or refused."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
import pytest

from autograder.errors import SubmissionError
from autograder.gradebook import autograded_notebook as autograded
from autograder.judging.sample_notebooks import solved
from autograder.model.course import find_course
from autograder.model.submission import parse_submission, read_submission
from autograder.runners.class_run import Handin, Options, fingerprint, ungraded
from autograder.sandbox.host import Limits, Sandbox

COURSE = find_course(Path(__file__).parent)
LECTURE = COURSE.lecture("05_batch_normalization")
ROOT = Path(nbgrader.__file__).parent
NOTEBOOKS = sorted(ROOT.rglob("*.ipynb"))

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=[str(path.relative_to(ROOT)) for path in NOTEBOOKS])


@cache
def release() -> dict[str, Any]:
    return json.loads(LECTURE.released.read_text(encoding="utf-8"))


def test_there_are_some() -> None:
    assert len(NOTEBOOKS) > 50


@each
def test_as_it_is_it_is_refused_with_a_sentence(path: Path) -> None:
    """None of them is of this course; the instructor gets the released notebook, with the reason above."""
    with pytest.raises(SubmissionError) as caught:
        read_submission(path, COURSE, "peer", LECTURE)
    said = str(caught.value)
    assert said.isprintable() and 10 < len(said) < 300
    built = autograded.build(release(), None, ungraded(Handin(path, "peer", LECTURE), said))
    nbformat.validate(nbformat.from_dict(built))


@each
def test_with_our_answers_behind_its_cells_it_can_be_graded(path: Path, sandbox: Sandbox) -> None:
    """Its cells are read, run and shown, and none of them keeps ours from running; only what is no notebook at all is refused."""
    try:
        theirs = json.loads(path.read_bytes())
        peers = theirs["cells"] if theirs["nbformat"] == 4 else [cell for sheet in theirs["worksheets"] for cell in sheet["cells"]]
    except (ValueError, KeyError, TypeError):
        pytest.skip("no notebook, and refused above")
    ours = solved(LECTURE)
    submission = parse_submission(json.dumps({**ours, "cells": [*peers, *ours["cells"]]}).encode(), path, COURSE)
    assert submission.lecture == LECTURE
    assert {cell.name for cell in submission.cells} >= set(LECTURE.points)
    assert fingerprint(submission, Options())
    with sandbox.guest(submission.cells, Limits(cell_seconds=0.5)) as guest:
        assert guest.defined >= set(LECTURE.points), guest.problems
    built = autograded.build(release(), submission.notebook)
    nbformat.validate(nbformat.from_dict(built))
    assert json.loads(nbformat.writes(nbformat.from_dict(built)))["nbformat"] == 4
