"""Archives as Canvas and Moodle hand them out are collected by nbgrader, and graded: each notebook for its student."""

from __future__ import annotations

import json
import unicodedata
import zipfile

import pytest

LECTURE, SLUG = "03_initialization", "initialization"
ROSTER = """\
student,name,id
ann,"Åström, Ann",101
ben,Ben O'Neill,102
cem,Cem Doğan,103
dee,Dee Twin,104
eve,"Twin, Dee",105
fay,Fay Late,106
gus,Gus Absent,107
"""


def collected(new_folder, name: str, archives: dict[str, dict[str, str]]):
    """Return a course in which archives were collected: per archive, its files, with the student's answer to `fans`; and what was said."""
    folder = new_folder(name)
    (folder.path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    place = folder.path / "downloaded" / LECTURE / "archive"
    place.mkdir(parents=True)
    for archive, files in archives.items():
        with zipfile.ZipFile(place / archive, "w") as file:
            for path, body in files.items():
                notebook = folder.notebook({"fans": folder.answer("fans", body)})
                file.writestr(path, json.dumps(notebook) if path.endswith(".ipynb") else body)
    statuses, said = folder.nbgrader(["zip_collect", LECTURE, f"--collector=autograder.gradebook.collect.{name}Collector"])
    assert statuses == [0] and "Traceback" not in said, said
    return folder, said


WRONG = "    return 1, 1"
RIGHT = ""


@pytest.fixture(scope="module")
def moodle(new_folder):
    decomposed = unicodedata.normalize("NFD", "Ann Åström")
    files = {
        f"{decomposed}_9001_assignsubmission_file_/{SLUG}.ipynb": RIGHT,
        f"Ben ONeill_9002_assignsubmission_file/{SLUG} (1).ipynb": RIGHT,
        "Ben ONeill_9002_assignsubmission_file/notes.pdf": "what he read",
        "Ben ONeill_9002_assignsubmission_onlinetext/onlinetext.html": "<p>hello</p>",
        f"Cem Doğan_9003_assignsubmission_file_{SLUG}.ipynb": RIGHT,
        f"Dee Twin_9004_assignsubmission_file_/{SLUG}.ipynb": RIGHT,
        f"eve_9005_assignsubmission_file_/answers/{SLUG}.ipynb": WRONG,
        f"Fay Late_9006_assignsubmission_file_/{SLUG}.ipynb": RIGHT,
        f"Fay Late_9006_assignsubmission_file_/{SLUG}-2.ipynb": WRONG,
        f"Zoe Nobody_9008_assignsubmission_file_/{SLUG}.ipynb": RIGHT,
        f"Zoe Nobody_9008_assignsubmission_file_/Gus Absent_9007_assignsubmission_file_/{SLUG}.ipynb": RIGHT,
        f"Zoe Nobody_9008_assignsubmission_onlinetext/Gus Absent_9007_assignsubmission_file_{SLUG}.ipynb": RIGHT,
        f"Zoe Nobody_9008_assignsubmission_file_Gus Absent_9007_assignsubmission_file_{SLUG}.ipynb": RIGHT,
        f"Cem Doğan_9003_assignsubmission_file_Gus Absent_9007_assignsubmission_file_{SLUG}.ipynb": RIGHT,
        f"__MACOSX/Ben ONeill_9002_assignsubmission_file/._{SLUG}.ipynb": "no notebook",
    }
    return collected(new_folder, "Moodle", {"Initialization-77.zip": files})


@pytest.fixture(scope="module")
def canvas(new_folder):
    first = {
        f"åströmann_101_5001_{SLUG}.ipynb": RIGHT,
        f"oneillben_LATE_102_5002_{SLUG}-1.ipynb": RIGHT,
        f"doğancem_103_5003_{SLUG}.ipynb": WRONG,
        "doğancem_103_5004_scratch.ipynb": RIGHT,
        f"twindee_104_5005_{SLUG}.ipynb": RIGHT,
        f"nobodyzoe_108_5008_{SLUG}.ipynb": RIGHT,
        f"anon_Ab3dE_5009_{SLUG}.ipynb": RIGHT,
        "latefay_106_5010_essay.pdf": "what she read",
        f"nobodyzoe_108_5011_x_107_9999_{SLUG}.ipynb": RIGHT,
        f"anon_Ab3dE_5012_x_107_9999_{SLUG}.ipynb": RIGHT,
        f"107_9999_åströmann_101_5013_{SLUG}.ipynb": RIGHT,
        f"nobodyzoe_108_5014_work/gusabsent_107_9999_{SLUG}.ipynb": RIGHT,
    }
    second = {f"doğancem_103_6003_{SLUG}-1.ipynb": RIGHT, f"twindee_105_6004_{SLUG}-3 (2).ipynb": RIGHT}
    return collected(new_folder, "Canvas", {"submissions.zip": first, "submissions (1).zip": second})


def points(folder) -> dict[str, float]:
    """Return the points for `fans` of everybody who is graded."""
    return {result.student: {exercise.name: exercise.score for exercise in result.exercises}["fans"] for result in folder.grade()}


def test_moodle(moodle):
    """Also nobody gets what another student put below a folder, or into a file's name, that looks like theirs."""
    folder, said = moodle
    assert points(folder) == {"ann": 3, "ben": 3, "cem": 3, "eve": pytest.approx(0, abs=1.5)}
    kept = {path.relative_to(folder.path / "submitted").as_posix() for path in (folder.path / "submitted").glob("*/*/*")}
    strange = f"cem/{LECTURE}/Gus Absent_9007_assignsubmission_file_{SLUG}.ipynb"
    assert kept == {*(f"{student}/{LECTURE}/{SLUG}.ipynb" for student in ("ann", "ben", "cem", "eve")), strange}
    assert "Zoe Nobody" in said and "the roster has no Zoe Nobody" in said
    assert "the roster has this name several times: dee, eve" in said
    assert "Not collected, for fay has several" in said and f"{SLUG}-2.ipynb" in said
    assert "No notebook of: dee, fay, gus\n" in said


def test_canvas(canvas):
    """Also nobody gets what another student gave a name that looks like theirs."""
    folder, said = canvas
    assert points(folder) == {"ann": 3, "ben": 3, "cem": 3, "dee": 3, "eve": 3}  # cem's second upload counts
    assert {path.name for path in (folder.path / "submitted" / "cem" / LECTURE).iterdir()} == {f"{SLUG}.ipynb", "scratch.ipynb"}
    assert "no student in the roster has the id 108" in said
    assert "anon_Ab3dE" in said
    assert "it could be of ann, gus: rename it" in said
    assert "No notebook of: fay, gus\n" in said


def test_no_roster_gets_a_sentence(new_folder):
    folder = new_folder("rosterless")
    place = folder.path / "downloaded" / LECTURE / "archive"
    place.mkdir(parents=True)
    (place / f"a_1_2_{SLUG}.ipynb").write_text("{}")
    statuses, said = folder.nbgrader(["zip_collect", LECTURE, "--collector=autograder.gradebook.collect.CanvasCollector"])
    assert statuses == [1] and "there is no roster" in said and "Traceback" not in said
