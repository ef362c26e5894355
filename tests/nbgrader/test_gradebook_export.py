"""What Canvas and Moodle are given is what nbgrader's gradebook holds, for those whom the roster knows, and says what it leaves out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from autograder.errors import CourseError
from autograder.gradebook.roster import read_roster

LECTURE, WRITTEN = "03_initialization", "written_symmetry"
CANVAS, MOODLE = (f"--exporter=autograder.gradebook.export.{system}Exporter" for system in ("Canvas", "Moodle"))
ROSTER = """\
section,student,name,id,sis_id,login,email,note
Monday,ann,"=cmd|'/C calc'!A0",11,0011,ann1,ann@example.edu,
Monday,ben,"Lovelace, ""Ada"" K.",12,0012,ben1,ben@example.edu,
@Monday,cem,Çem Ö. 李,13,,,,
Monday,dee,Dee,,0014,,+dee@example.edu,
Monday,eve,Eve,=15,0015,eve1,eve@example.edu,
Monday,gus,Gus,,,,gus@example.edu,

,hal,Hal,18,,hal1,hal@example.edu
"""
CONFIGURATION = f"""
c.UniversityExporter.columns = {{"{LECTURE}": "Initialization, part 1 (77)"}}
c.CanvasExporter.notes = "Notes"
c.Roster.path = "lists/everybody.csv"
"""


@pytest.fixture(scope="module")
def exported(new_folder):
    """A graded class: ann waits for a person, ben and cem have manual points and are late, gus's notebook is broken, hal has none."""
    folder = new_folder("exported")
    folder.hand_in_class()
    folder.hand_in("gus", "no notebook")
    folder.grade()
    gradebook = folder.gradebook()
    for grade in (grade for grade in folder.rows("Grade") if grade.name == WRITTEN and grade.student.id in ("ben", "cem")):
        stored = gradebook.db.merge(grade)
        stored.manual_score, stored.extra_credit = {"ben": (1.5, 0.5), "cem": (0.5, None)}[grade.student.id]
    for row in gradebook.find_assignment(LECTURE).submissions:
        if row.student.id in ("ben", "cem"):
            row.notebooks[0].late_submission_penalty = {"ben": 1.125, "cem": 2}[row.student.id]
    gradebook.db.commit()
    roster = folder.path / "lists" / "everybody.csv"
    roster.parent.mkdir()
    roster.write_bytes(ROSTER.replace("\n", "\r\n").encode("utf-8-sig"))
    with open(folder.path / "nbgrader_config.py", "a", encoding="utf-8") as file:
        file.write(CONFIGURATION)
    commands = {
        "canvas": [CANVAS, "--to=canvas.csv"],
        "moodle": [MOODLE, "--to=moodle.csv"],
        "nbgrader": ["--to=nbgrader.csv"],
        "partial": [CANVAS, "--to=partial.csv", "--UniversityExporter.partial=True"],
        "one": [MOODLE, "--to=one.csv", "--student=['ann']", f"--assignment=['{LECTURE}']", "--MoodleExporter.identify_by=login"],
        "no assignment": [CANVAS, "--to=none.csv", "--assignment=['99_nothing']"],
        "no student": [CANVAS, "--to=none.csv", "--student=['nobody']"],
        "no roster": [CANVAS, "--to=none.csv", "--Roster.path=gone.csv"],
        "no folder": [CANVAS, f"--to={folder.path / 'gradebook.db' / 'none.csv'}"],
    }
    statuses, said = folder.nbgrader(*(["export", *arguments] for arguments in commands.values()))
    said = dict(zip(commands, said.split("$ nbgrader export")[1:], strict=True))
    return folder, dict(zip(commands, statuses, strict=True)), said


def table(folder, name: str) -> list[dict[str, str]]:
    """Return the rows of an exported file, by the names of its columns."""
    data = (folder.path / f"{name}.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") and data.count(b"\n") == data.count(b"\r\n")
    with open(folder.path / f"{name}.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def scores(folder) -> dict[str, float]:
    """Return each student's score as nbgrader's own export has it."""
    with open(folder.path / "nbgrader.csv", encoding="utf-8") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def test_canvas_gets_the_gradebooks_numbers(exported):
    folder, statuses, _ = exported
    assert statuses["canvas"] == statuses["partial"] == 0
    points, *rows = table(folder, "canvas")
    heading = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Notes", "Initialization, part 1 (77)"]
    assert list(points) == heading
    assert (points["Student"], points[heading[-1]]) == ("    Points Possible", "12")
    assert not any(points[column] for column in heading[1:-1])
    found = {row["ID"] or row["SIS User ID"]: row for row in rows}
    assert [row["ID"] or row["SIS User ID"] for row in rows] == ["11", "0014", "18", "12", "13"]  # by name
    in_gradebook = scores(folder)
    for key, student in {"12": "ben", "13": "cem", "0014": "dee"}.items():
        assert float(found[key][heading[-1]]) == pytest.approx(in_gradebook[student], abs=0.006), student
    assert found["11"][heading[-1]] == found["18"][heading[-1]] == ""
    assert found["11"]["Notes"] == found["18"]["Notes"] == ""
    assert in_gradebook["cem"] == 0  # the penalty is larger than the points
    partial = {row["ID"]: row[heading[-1]] for row in table(folder, "partial")}
    assert float(partial["11"]) == in_gradebook["ann"] == 10 and partial["18"] == ""


def test_texts_stay_what_they_are_but_compute_nothing(exported):
    folder, *_ = exported
    found = {row["ID"]: row for row in table(folder, "canvas")}
    assert found["11"]["Student"] == "'=cmd|'/C calc'!A0"
    assert found["12"]["Student"] == 'Lovelace, "Ada" K.'
    assert (found["13"]["Student"], found["13"]["Section"]) == ("Çem Ö. 李", "'@Monday")
    for name in ("canvas", "moodle", "partial", "one"):
        for row in table(folder, name):
            assert not [cell for cell in row.values() if cell.lstrip()[:1] in ("=", "+", "@")]


def test_moodle_gets_the_gradebooks_numbers(exported):
    folder, statuses, _ = exported
    assert statuses["moodle"] == statuses["one"] == 0
    rows = {row["Email address"]: row for row in table(folder, "moodle")}
    column, feedback = "Initialization, part 1 (77)", "Initialization, part 1 (77) (feedback)"
    assert list(rows["ann@example.edu"]) == ["Email address", "Name", column, feedback]
    assert rows.keys() == {f"{student}@example.edu" for student in ("ann", "ben", "eve", "gus", "hal")}
    in_gradebook = scores(folder)
    for student in ("ben", "eve", "gus"):
        assert float(rows[f"{student}@example.edu"][column]) == pytest.approx(in_gradebook[student], abs=0.006), student
    for student in ("ann", "hal"):
        assert (rows[f"{student}@example.edu"][column], rows[f"{student}@example.edu"][feedback]) == ("-", "")
    ((login, mark),) = ((row["Username"], row[column]) for row in table(folder, "one"))
    assert (login, mark) == ("ann1", "-")


def test_comments_say_what_cost_points(exported):
    folder, *_ = exported
    feedback = {row["Email address"]: row["Initialization, part 1 (77) (feedback)"] for row in table(folder, "moodle")}
    grades = {key: auto for key, (auto, *_) in folder.grades().items()}
    assert f"fans {round(grades['ben', 'test_fans'], 2):g} of 3" in feedback["ben@example.edu"]
    assert feedback["ben@example.edu"].endswith("late: 1.13 points less")
    assert "glorot_normal" not in feedback["ben@example.edu"] and WRITTEN not in feedback["ben@example.edu"]
    assert feedback["eve@example.edu"].startswith("glorot_normal ") and "fans" not in feedback["eve@example.edu"].split(";")[0]
    assert f"{WRITTEN} 0 of 2" in feedback["eve@example.edu"]
    assert feedback["gus@example.edu"].startswith("The notebook could not be graded: the file isn")
    titles = [found.title for result in folder_results(folder) for exercise in result.exercises for found in exercise.misconceptions]
    assert titles and any(f"({titles[0]})" in comment for comment in feedback.values())
    notes = {row["ID"]: row["Notes"] for row in table(folder, "canvas")}
    assert notes["12"] == f"{LECTURE}: {feedback['ben@example.edu']}"


def folder_results(folder):
    from autograder.runners.class_run import latest

    return latest(folder.course, folder.lecture)


def test_nothing_is_lost_silently(exported):
    _, _, said = exported
    assert "Left out, for the roster has no row for them: fay" in said["canvas"] and "no row for them: fay" in said["moodle"]
    assert "Left out, for the roster has no id or sis_id or login: gus" in said["canvas"]
    assert "Left out, for the id would be a formula in a spreadsheet: eve" in said["canvas"]
    assert "Left out, for the roster has no email: cem" in said["moodle"]
    assert "Left out, for the email would be a formula in a spreadsheet: dee" in said["moodle"]
    for name in ("canvas", "moodle"):
        assert f"{LECTURE}: an answer waits for a person, so no mark is exported: ann\n" in said[name]
        assert f"{LECTURE}: nothing handed in, no mark: hal\n" in said[name]
    assert "the points so far are exported: ann\n" in said["partial"]


def test_what_is_wrong_gets_a_sentence(exported):
    folder, statuses, said = exported
    sentences = {
        "no assignment": f"there is no assignment 99_nothing in the gradebook; there are: {LECTURE}",
        "no student": "there is no student nobody",
        "no roster": "there is no roster: ",
        "no folder": "can't be written: ",
    }
    for name, sentence in sentences.items():
        assert statuses[name] == 1 and sentence in said[name]
    assert "Traceback" not in "".join(said.values())
    assert not (folder.path / "none.csv").exists()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_roster_from_a_spreadsheet(delimiter, end):
    lines = ["Student,NAME, Email ,", 'ada,"Lovelace,  Ada",a@b.c,', ",,,", "ben,Ben"]
    lines = [line.replace(",", delimiter).replace(f'"Lovelace{delimiter}', '"Lovelace,') for line in lines]
    members = read_roster(end.join(lines), "roster.csv")
    assert [(member.student, member.name, member.email) for member in members.values()] == [
        ("ada", "Lovelace, Ada", "a@b.c"),
        ("ben", "Ben", ""),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no column «student»"),
        ("name,id\nAda,1", "has no column «student»"),
        ("student,id,ID\nada,1,2", "two columns «id»"),
        ("student,name\nada,Lovelace, Ada", "line 2 of roster.csv has more cells"),
        ("student,name\nada,A\n,B", "line 3 of roster.csv has no student"),
        ("student\n../ada", "can't be the name of a folder"),
        ("student\n=1+1", "line 2 of roster.csv: the name =1+1 would be a formula"),
        ("student,id\nada,1\nada,2", "two rows with the same student: ada"),
        ("student,email\nada,x@y\nben,x@y", "two rows with the same email: x@y"),
        ('student,name\nada,"A', "can't be read as CSV"),
    ],
)
def test_a_roster_that_is_wrong_gets_a_sentence(text, said):
    with pytest.raises(CourseError) as error:
        read_roster(text, "roster.csv")
    assert said in str(error.value)


def test_a_roster_in_another_encoding_gets_a_sentence(tmp_path: Path):
    from autograder.gradebook.roster import Roster

    (tmp_path / "roster.csv").write_bytes("student,name\nada,Zoë".encode("cp1252"))
    with pytest.raises(CourseError, match="save it as «CSV UTF-8»"):
        Roster().members(tmp_path)
