"""nbgrader's *Validate*, which students have in JupyterLab: it reports success only where all public checks pass."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from nbgrader.validator import Validator

SUCCESS = "Success! Your notebook passes all the tests.\n"
WRITTEN = {"written_symmetry": "Equal units stay equal."}  # nbgrader itself complains of a written answer that is missing
WRONG = "    return tuple(shape[:2])"


@pytest.fixture(scope="module")
def folder(new_folder):
    return new_folder("validated")


def validated(folder, sources: dict[str, str], path: Path) -> str:
    """Return what nbgrader's validator prints about the released notebook with these sources in its cells."""
    path.write_text(json.dumps(folder.notebook(sources)), encoding="utf-8")
    validator = Validator()
    validator.stream = io.StringIO()
    validator.validate_and_print(str(path))
    return validator.stream.getvalue()


def test_all_right(folder, tmp_path):
    right = {name: folder.answer(name) for name in ("fans", "glorot_normal")}
    assert validated(folder, {**right, **WRITTEN}, tmp_path / "right.ipynb") == SUCCESS


def test_a_wrong_one_and_a_stub(folder, tmp_path):
    said = validated(folder, {"fans": folder.answer("fans", WRONG), **WRITTEN}, tmp_path / "wrong.ipynb")
    assert "VALIDATION FAILED ON 2 CELL(S)" in said and SUCCESS not in said
    wrong, stub = (part.split("The error was:")[1] for part in said.split("The following cell failed:")[1:])
    assert wrong.split() and "fans: 1 of 3 checks passed" in wrong and "expected" in wrong
    assert "glorot_normal: not attempted" in stub
    for message in (wrong, stub):
        assert "Traceback" not in message and "coursekit" not in message and "..." not in message and len(message.splitlines()) < 12
