"""Work that a platform or an editor has saved anew gets the grade that it deserves.

nbgrader grades lesson 00 here, for students whose files came back changed.
"""

import csv
import json
import re
from contextlib import redirect_stdout
from io import StringIO

import nbformat
import pytest
from support.classroom_submissions import answer, from_bank, grade_id

from tools.classroom import command
from tools.classroom import grade as classroom_grade
from tools.classroom.folder import open_classroom
from tools.course import notebooks
from tools.course.files import make_folder

pytest.importorskip("nbgrader", reason="nbgrader is not installed (extra classroom)")

pytestmark = [
    pytest.mark.timeout(1800),  # the first test waits for all the grading
    pytest.mark.xdist_group("resaved"),
]

(LESSON,) = notebooks.choose(["00"])
NAME = LESSON.name
CHECK = "check-0-2"


def stripped(nb):
    """Take nbgrader's metadata away, ids too, and save in UTF-16 and format 4.4."""
    for cell in nb.cells:
        cell.metadata = {}
        del cell["id"]
    return json.dumps(nb | {"nbformat_minor": 4, "metadata": {}}).encode("utf-16")


def partly(nb):
    """Leave of nbgrader's metadata what its own older versions have written."""
    for cell in nb.cells:
        if id := grade_id(cell):
            cell.metadata = {"nbgrader": {"grade_id": id}}
    return json.dumps(nb)


def merged(nb):
    """Merge the exercise into its check cell."""
    places = {grade_id(cell): i for i, cell in enumerate(nb.cells)}
    exercise = nb.cells.pop(places["ex-0-2"])
    check = nb.cells[places[CHECK] - 1]
    check.source = f"{exercise.source}\n\n{check.source}"
    return nbformat.writes(nb)


def old(nb):
    """Save in format 3, as Jupyter's predecessor did."""
    cells = []
    for cell in nb.cells:
        new = {"cell_type": cell.cell_type, "metadata": dict(cell.metadata)}
        if cell.cell_type == "code":
            new |= {"input": cell.source, "language": "python", "outputs": []}
        else:
            new |= {"source": cell.source}
        cells.append(new)
    version = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}}
    return json.dumps(version | {"worksheets": [{"cells": cells}]})


def another_kernel(nb):
    """Name a kernel that is not installed here, and put a mark first."""
    nb.metadata["kernelspec"] = {"name": "conda-env-x", "display_name": "x"}
    return nbformat.writes(nb).encode("utf-8-sig")


def with_a_signature(nb):
    """Put what a mail program adds after the end."""
    return nbformat.writes(nb) + "\n-- \nmy phone"


# Student -> (what happened to the file, its name, is the answer right?)
CAME_BACK = {
    "ada": (stripped, NAME, True),
    "ben": (stripped, NAME, False),
    "cyn": (partly, NAME, True),
    "dan": (merged, f"dan_12345_67890_{NAME}", True),
    "eve": (old, f"{NAME}.txt", True),
    "fay": (another_kernel, NAME, True),
    "gus": (with_a_signature, NAME, False),
}
SENTENCES = {
    "html": ("<!DOCTYPE html>", "it is a web page; ask for the .ipynb file itself"),
    "cut": ('{"cells": [', "it is cut off or changed by hand"),
}
WRONG = {"ex-0-2": from_bank("0.2", "surprise")}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Return the classroom in which all are graded, and what was said."""
    root = tmp_path_factory.mktemp("class rooms") / "room"
    list(command.build([LESSON], root))
    room = open_classroom(root)
    (room.source(LESSON).parent / "class_list.csv").write_text("a", encoding="utf-8")
    for student, (change, name, right) in CAME_BACK.items():
        changes = {} if right else WRONG
        nb = answer(room.release(LESSON), room.source(LESSON), changes)
        hand_in(room, student, name, change(nb))
    for student, (content, _) in SENTENCES.items():
        hand_in(room, student, NAME, content)
    return room


def hand_in(room, student, name, content):
    """Put a file where a teacher puts what a student has sent."""
    folder = make_folder(room.root / "submitted" / student / "00")
    content = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def said(room):
    """Return what is printed while all are graded."""
    with redirect_stdout(StringIO()) as said:
        assert classroom_grade.grade(room, [LESSON]) == 1
    return said.getvalue()


def test_the_grade_is_what_the_answer_deserves(room, said):
    text = (room.root / "grades" / "canvas-00.csv").read_text(encoding="utf-8")
    _, most, *students = csv.reader(text.splitlines())
    assert most[-1] == "1"
    assert {name: float(points) for name, *_, points in students} == {
        student: float(right) for student, (*_, right) in CAME_BACK.items()
    }


def test_what_cannot_be_graded_is_named(said):
    for student, (_, sentence) in SENTENCES.items():
        (line,) = re.findall(rf"^{student}: .*", said, re.MULTILINE)
        assert sentence in line


def test_the_check_stands_below_its_exercise_again(room, said):
    for student in CAME_BACK:
        path = room.root / "autograded" / student / "00" / NAME
        cells = notebooks.read(path).cells
        (place,) = [i for i, cell in enumerate(cells) if grade_id(cell) == CHECK]
        assert cells[place - 1].source.count("surprise") == 1


def test_what_lies_beside_the_source_reaches_nobody(room, said):
    (only,) = room.root.rglob("class_list.csv")
    assert only.is_relative_to(room.root / "source")
