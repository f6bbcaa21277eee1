"""The class list: whatever a platform or a spreadsheet makes of it, or one sentence."""

import pytest

from helpers.core.errors import UserError
from tools.classroom.roster import NAME, Roster, read_roster

COLUMNS = ("Student", "SIS Login ID")


def roster(root, text, encoding="utf-8"):
    """Return the class list with this text."""
    (root / NAME).write_text(text, encoding=encoding, newline="")
    return read_roster(root)


def test_without_a_list_a_folders_name_is_the_login(tmp_path):
    empty = read_roster(tmp_path)
    assert empty == Roster()
    assert empty.cells("ada", COLUMNS, login="SIS Login ID") == ["", "ada"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_list_is_read_as_spreadsheets_save_it(tmp_path, separator, encoding):
    lines = ["STUDENT|Folder|sis login id ", '"Löv, Ada"|ada| al1', "Points|||", ""]
    text = "\r\n".join(lines).replace("|", separator)
    found = roster(tmp_path, text, encoding)
    assert found.rows.keys() == {"ada"}
    assert found.cells("ada", COLUMNS, login="SIS Login ID") == ["Löv, Ada", "al1"]
    assert found.cells("ben", COLUMNS, login="SIS Login ID") == ["", "ben"]


def test_a_folder_is_found_however_its_accents_are_spelled(tmp_path):
    found = roster(tmp_path, "folder,Student\nZo\u00e9,Z")
    assert found.cells("Zoe\u0301", ["Student"], login="Username") == ["Z"]


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("Student,ID\nada,1", "utf-8", r"needs a column 'folder'.*it has Student, ID"),
        ("", "utf-8", r"cannot be read \(ValueError\): save it as CSV in UTF-8"),
        ("folder\nLöv", "latin-1", r"cannot be read \(UnicodeDecodeError\)"),
        ("folder\nada\nada", "utf-8", "two lines for the folder 'ada'"),
    ],
)
def test_what_is_no_list_is_one_sentence(tmp_path, text, encoding, said):
    with pytest.raises(UserError, match=said):
        roster(tmp_path, text, encoding)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["01 · CNN (1234)"], "01 · CNN (1234)"),
        (["ID", "011 (1)", "Quiz 01 (2)", "01 · CNN (3)"], "01 · CNN (3)"),
        (["01 · CNN"], ""),
        (["01 a (1)", "01 b (2)"], ""),
    ],
)
def test_an_assignment_is_known_by_the_number_that_it_begins_with(columns, found):
    assert Roster(tuple(columns)).column_of("01", r"\(\d+\)$") == found


def test_moodle_puts_the_kind_of_activity_first():
    column = "Assignment: 01 · CNN (Real)"
    assert Roster((column,)).column_of("01", r"\(Real\)$") == column
