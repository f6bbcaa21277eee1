"""Grades for Canvas and Moodle: the right student, the right column, nothing lost."""

import csv

import nbformat
import pytest
from nbformat import v4
from support.tiny_lessons import GRADED

from tools.classroom.folder import open_classroom
from tools.classroom.roster import NAME, read_roster
from tools.classroom.sheets import as_text, write_sheets
from tools.course import files

TITLE = "01 · Tiny"
POINTS = {
    "ada": {"check-1-1": 1.0, "check-1-2": 0.5},
    "ben": {"check-1-1": 0.0, "check-1-2": 0.0},
    "cyn": {},  # could not be graded
}
LIST = f"""\
Student,ID,SIS User ID,SIS Login ID,Section,{TITLE} (77),Email address,folder
    Points Possible,,,,,2,,
"Lovelace, Ada",5,S5,al1,A,,ada@example.org,ada
"""


@pytest.fixture
def lesson(tmp_path):
    """Return a lesson of two points in a classroom."""
    cells = [v4.new_markdown_cell(f"# {TITLE}")]
    for number in (1, 2):
        metadata = {"nbgrader": GRADED | {"grade_id": f"check-1-{number}"}}
        cells.append(v4.new_code_cell("...", metadata=metadata))
    path = tmp_path / "01_tiny.ipynb"
    source = open_classroom(tmp_path).source(path)
    files.make_folder(source.parent)
    nbformat.write(v4.new_notebook(cells=cells), source)
    return path


def write(lesson, points=POINTS):
    """Write the grades, with the classroom read anew; return what is said."""
    room = open_classroom(lesson.parent)
    return list(write_sheets(room, lesson, points, read_roster(room.root)))


def rows(lesson, name):
    """Return the lines of a file of grades."""
    text = (lesson.parent / "grades" / name).read_bytes().decode("utf-8")
    return list(csv.reader(text.splitlines()))


def test_without_a_class_list_a_folders_name_is_the_login(lesson):
    assert write(lesson) == ["grades: grades/canvas-01.csv, grades/moodle-01.csv"]
    assert rows(lesson, "canvas-01.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", TITLE],
        ["    Points Possible", "", "", "", "", "2"],
        ["ada", "", "", "ada", "", "1.5"],
        ["ben", "", "", "ben", "", "0"],
    ]
    assert rows(lesson, "moodle-01.csv") == [
        ["Email address", "ID number", "Username", TITLE],
        ["", "", "ada", "1.5"],
        ["", "", "ben", "0"],
    ]


def test_the_class_list_gives_names_ids_and_the_assignment(lesson):
    (lesson.parent / NAME).write_text(LIST, encoding="utf-8")
    assert write(lesson)[1:] == ["not in students.csv: ben"]
    head, _, *students = rows(lesson, "canvas-01.csv")
    assert head[-1] == f"{TITLE} (77)"
    assert students == [
        ["Lovelace, Ada", "5", "S5", "al1", "A", "1.5"],
        ["ben", "", "", "ben", "", "0"],
    ]
    head, *students = rows(lesson, "moodle-01.csv")
    assert head[-1] == TITLE
    assert students == [["ada@example.org", "", "", "1.5"], ["", "", "ben", "0"]]
    assert (lesson.parent / NAME).read_text(encoding="utf-8") == LIST


def test_grades_are_written_anew_until_the_teacher_edits_them(lesson):
    write(lesson)
    better = POINTS | {"ben": {"check-1-1": 1.0}}
    assert write(lesson, better) == [
        "grades: grades/canvas-01.csv, grades/moodle-01.csv"
    ]
    assert rows(lesson, "canvas-01.csv")[-1][-1] == "1"
    mine = lesson.parent / "grades" / "canvas-01.csv"
    mine.write_text("my own", encoding="utf-8")
    for _ in range(2):  # and the new one is not written twice
        said, where = write(lesson)
        assert said.startswith("grades/canvas-01.csv is edited and stays; the new one")
        assert where == "grades: grades/moodle-01.csv"
    assert mine.read_text(encoding="utf-8") == "my own"
    (new,) = (lesson.parent / "grades").glob("canvas-01.new-*.csv")
    assert new.name in said
    assert rows(lesson, new.name)[-1] == ["ben", "", "", "ben", "", "0"]
    write(lesson, better)
    assert len(list((lesson.parent / "grades").iterdir())) == 4


def test_where_nobody_is_graded_nothing_is_written(lesson):
    assert write(lesson, {"cyn": {}}) == []
    assert not (lesson.parent / "grades").exists()


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", " =", "\r=", "＝"])
def test_no_cell_is_a_formula(lesson, sign):
    write(lesson, {f"{sign}1+1": {"check-1-1": 1.0}})
    for name, place in (
        ("canvas-01.csv", 0),
        ("canvas-01.csv", 3),
        ("moodle-01.csv", 2),
    ):
        cell = rows(lesson, name)[-1][place]
        assert cell[0] == "'"
        assert cell.endswith("1+1")


def test_a_name_is_one_cell_for_a_spreadsheet_that_separates_by_semicolons(lesson):
    write(lesson, {"a;=1+1": {"check-1-1": 1.0}})
    text = (lesson.parent / "grades" / "canvas-01.csv").read_text(encoding="utf-8")
    assert '"a;=1+1"' in text


@pytest.mark.parametrize("cell", ["-1", "-0.5", "7", "Lovelace, Ada", "a@b.org", ""])
def test_what_is_no_formula_stays_as_it_is(cell):
    assert as_text(cell) == cell
