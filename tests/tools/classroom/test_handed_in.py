"""What is handed in stays as it came; nbgrader reads a copy."""

import nbformat
import pytest
from nbformat import v4
from support.tiny_lessons import GRADED

from helpers.core.errors import UserError
from tools.classroom.folder import open_classroom
from tools.classroom.handed_in import mend, misplaced, the_notebook
from tools.course import notebooks
from tools.course.files import make_folder

NAME = "01_tiny.ipynb"


@pytest.fixture
def room(tmp_path):
    """Return a classroom with a released lesson."""
    room = open_classroom(tmp_path / "room")
    cells = [v4.new_code_cell("check()", id="check", metadata={"nbgrader": GRADED})]
    path = room.release(tmp_path / NAME)
    make_folder(path.parent)
    nbformat.write(v4.new_notebook(cells=cells), path)
    return room


@pytest.fixture
def hand_in(room):
    """Return a function that hands in files for ada: {name: content}."""
    folder = make_folder(room.root / "submitted" / "ada" / "01")

    def hand_in(**contents):
        for name, content in contents.items():
            path = folder / name
            make_folder(path.parent)
            path.write_bytes(content)
        return folder

    return hand_in


def chosen(room):
    """Return the name of the file that is taken for ada's work."""
    return the_notebook(room, room.root / NAME, "ada").name


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        ([NAME, "other.ipynb", "a.txt"], NAME),
        ([NAME, f"._{NAME}"], NAME),  # macOS, where a disk is not its own
        (["my work (1).ipynb"], "my work (1).ipynb"),
        # as Canvas and Moodle name what they let teachers download
        ([f"lovelaceada_12345_67890_{NAME}"], f"lovelaceada_12345_67890_{NAME}"),
        (
            [f"lovelaceada_LATE_12345_67890_{NAME}", "lovelaceada_12345_67891_a.ipynb"],
            f"lovelaceada_LATE_12345_67890_{NAME}",
        ),
        (
            [f"Ada Lovelace_12345_assignsubmission_file_{NAME}"],
            f"Ada Lovelace_12345_assignsubmission_file_{NAME}",
        ),
        (
            ["lovelaceada_12345_67_01_tiny-1.ipynb"],
            "lovelaceada_12345_67_01_tiny-1.ipynb",
        ),
        # as browsers and mail programs do
        ([f"{NAME}.txt", "a.txt"], f"{NAME}.txt"),
        ([f"{NAME}.json"], f"{NAME}.json"),
        (["01_TINY.IPYNB"], "01_TINY.IPYNB"),
    ],
)
def test_the_notebook_is_found_under_the_name_that_it_has_got(
    room, hand_in, names, taken
):
    hand_in(**dict.fromkeys(names, b""))
    assert chosen(room) == taken


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["01_tiny.py", "b.html"], "holds 01_tiny.py, b.html: ask for the .ipynb file"),
        ([], "holds nothing: ask for the .ipynb file"),
        (["a.ipynb", "b.ipynb", "c.txt"], "holds a.ipynb, b.ipynb: leave the one"),
        ([f"a_{NAME}", f"b_{NAME}"], f"holds a_{NAME}, b_{NAME}: leave the one"),
        # a second round, put beside the first
        ([NAME, f"a_LATE_1_2_{NAME}"], f"holds {NAME}, a_LATE_1_2_{NAME}: leave"),
        ([NAME, "a_1_2_01_tiny-1.ipynb", "b.ipynb"], f"{NAME}, a_1_2_01_tiny-1.ipynb:"),
    ],
)
def test_where_it_is_not_clear_which_is_meant_that_is_said(room, hand_in, names, said):
    hand_in(**dict.fromkeys(names, b""))
    with pytest.raises(UserError, match=said):
        chosen(room)


def test_a_link_is_not_followed(room, hand_in, symlink, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_text("{}", encoding="utf-8")
    symlink(hand_in() / NAME, secret)
    with pytest.raises(UserError, match="is a link, and links are not followed"):
        chosen(room)


def test_a_students_name_that_nbgrader_reads_as_a_pattern_is_refused(room):
    make_folder(room.root / "submitted" / "ada [1]" / "01")
    with pytest.raises(UserError, match="rename the folder"):
        the_notebook(room, room.root / NAME, "ada [1]")


def mended(room, folder):
    """Mend ada's work; return (what is said, the copy)."""
    lesson = room.root / NAME
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    notes = mend(room, lesson, "ada", the_notebook(room, lesson, "ada"))
    after = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert after == before
    return notes, room.root / "mended" / "ada" / "01"


def test_a_copy_is_mended_and_what_was_handed_in_stays(room, hand_in):
    nb = notebooks.read(room.release(room.root / NAME))
    nb.cells[0].metadata = {}
    folder = hand_in(**{"x_" + NAME: nbformat.writes(nb).encode("utf-16")})
    notes, copy = mended(room, folder)
    assert notes == [
        f"it was named x_{NAME}",
        "it was read as utf-16",
        "nbgrader's ids were put back (cells: 1)",
    ]
    assert [path.name for path in copy.iterdir()] == [NAME]
    release = notebooks.read(room.release(room.root / NAME))
    assert notebooks.read(copy / NAME) == release


def test_what_comes_along_is_copied(room, hand_in):
    own = nbformat.writes(v4.new_notebook()).encode()
    folder = hand_in(
        **{NAME: own, "a/data.txt": b"1", "old.ipynb": own, "timestamp.txt": b"2"}
    )
    _, copy = mended(room, folder)
    names = {p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.is_file()}
    assert names == {NAME, "a/data.txt", "timestamp.txt"}
    (folder / "a" / "data.txt").unlink()
    mended(room, folder)
    assert not (copy / "a").exists()


def test_half_a_sign_costs_the_sign(room, hand_in):
    nb = v4.new_notebook(cells=[v4.new_code_cell("x = 'SIGN'")])
    text = nbformat.writes(nb).replace("SIGN", "\\ud83d")
    _, copy = mended(room, hand_in(**{NAME: text.encode()}))
    assert notebooks.read(copy / NAME).cells[0].source == "x = '?'"


def test_a_notebook_of_no_student_or_no_lesson_is_named(room, hand_in):
    hand_in(**{NAME: b""})
    top = room.root / "submitted"
    for place in ("a.ipynb", "ben/b.ipynb"):
        (make_folder((top / place).parent) / place.rpartition("/")[2]).touch()
    assert misplaced(room) == ["submitted/a.ipynb", "submitted/ben/b.ipynb"]
