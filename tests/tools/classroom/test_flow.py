"""An evening of grading: lessons 01 and 04, built, handed in, graded, sent back.

The lessons are the real ones. What each student does is written out below; so is what
it costs.
"""

import csv
import html
import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from textwrap import indent

import nbformat
import pytest
from support.classroom_submissions import answer, from_bank, grade_id, memorised
from support.tiny_lessons import GRADED

from helpers.page.exercises import find
from tools.classroom import command
from tools.classroom import grade as classroom_grade
from tools.classroom.folder import open_classroom
from tools.classroom.needed import LEFT_OUT
from tools.classroom.points import points
from tools.course import files, notebooks
from tools.editions.student import student_edition
from tools.execute import kernels

pytest.importorskip("nbgrader", reason="nbgrader is not installed (extra classroom)")

pytestmark = [
    pytest.mark.timeout(1800),  # the first test waits for all the grading
    pytest.mark.xdist_group("flow"),
]

LESSONS = {path.stem[:2]: path for path in notebooks.choose(["01", "04"])}
# Without end, and idle meanwhile: waiting for the limit costs nothing.
ENDLESS = "import time\n\nwhile True:\n    time.sleep(0.1)"
STUBBORN = """\
import time

while True:
    try:
        while True:
            time.sleep(0.1)
    except BaseException:
        pass"""

ACTIVE = "<b>of ben</b><script>window.ran = 1</script><i onclick='window.ran = 2'>i</i>"


def blank(cell):
    """Leave a cell as it was handed out."""


def never_run(cell):
    """Tag a check cell so that nbclient would leave it out."""
    cell.metadata["tags"] = ["skip-execution"]


def edited(cell):
    """Edit a locked check cell so that it would always pass, for ten points."""
    cell.source = "pass"
    cell.metadata["nbgrader"]["points"] = 10


# A right answer that prints to stderr, and lets its check do so.
LOUD = """\
import sys

def bell_width(weight_n):
    print("told on stderr", file=sys.stderr)
    share = weight_n / weight_n.sum()
    place = torch.arange(len(share), dtype=share.dtype)
    return (share * (place - (share * place).sum()) ** 2).sum().sqrt()
"""

# Student -> (what they do with the released cells, the checks that this costs).
CHANGES = {
    "01": {
        "ada": ({}, ""),
        "ben": (
            {
                "ex-1-2": memorised("1.2", "same_padding"),  # fits what is visible
                "ex-1-3": from_bank("1.3", "convolve"),
                "ex-1-4": from_bank("1.4", "layers_needed"),
                "ex-1-7": LOUD,
                "ex-1-8": from_bank("1.8", "audit"),
                "check-1-8": edited,
            },
            "1-2 1-3 1-4 1-8",
        ),
        "cyn": (
            {
                "ex-1-1": blank,
                "ex-1-2": None,
                "check-1-2": None,
                "ex-1-3": ENDLESS,
                "ex-1-5": f"def field_size(layers):\n{indent(ENDLESS, '    ')}",
                "check-1-6": None,  # the answer is right, its check is deleted
            },
            "1-1 1-2 1-3 1-5",
        ),
    },
    "04": {
        "ada": ({}, ""),
        "ben": (
            {
                "ex-4-1": from_bank("4.1", "weights"),
                "ex-4-3": from_bank("4.3", "masked_weights", 1),
                "check-4-3": never_run,
            },
            "4-1 4-3",
        ),
        "cyn": ({"ex-4-1": STUBBORN, "ex-4-2": "import os\n\nos._exit(1)"}, "4-1 4-2"),
    },
}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Return the classroom in which all work is graded."""
    root = tmp_path_factory.mktemp("class rooms") / "room"
    list(command.build(LESSONS.values(), root))
    config = root / "nbgrader_config.py"
    limits = "\nc.GradedRun.exercise_timeout = 10\n"
    config.write_text(config.read_text(encoding="utf-8") + limits, encoding="utf-8")
    room = open_classroom(root)
    for number, student in STUDENTS:
        work(room, number, student)
    hand_in(room, "dan", "04", LESSONS["04"].name, "not a notebook")
    with redirect_stdout(StringIO()) as said:
        assert classroom_grade.grade(room, LESSONS.values()) == 1
    (problem,) = re.findall(r"^(?:ada|ben|cyn|dan): .*", said.getvalue(), re.MULTILINE)
    assert problem.startswith("dan: ")
    assert "cannot be read as a notebook" in problem
    assert "feedback pages: feedback/STUDENT/04/\n" in said.getvalue()
    return open_classroom(root)


def work(room, number, student):
    """Hand in what a student has made of a lesson."""
    lesson, name = LESSONS[number], LESSONS[number].name
    changes, _ = CHANGES[number][student]
    nb = answer(room.release(lesson), room.source(lesson), changes)
    if (number, student) == ("04", "ada"):
        name = "my work (1).ipynb"
    if (number, student) == ("01", "ben"):
        shows = f"from IPython.display import HTML\n\nHTML({ACTIVE!r})"
        nb.cells.append(nbformat.v4.new_code_cell(shows))
        nb.cells.append(nbformat.v4.new_markdown_cell(ACTIVE))
    if (number, student) == ("04", "ben"):
        duplicate(nb, "check-4-4")
        elsewhere = {"nbgrader": GRADED | {"grade_id": "check-3-1"}}
        nb.cells.append(nbformat.v4.new_code_cell("1 / 0", metadata=elsewhere))
    if (number, student) == ("04", "cyn"):
        for source in ("import time\n\ntime.sleep(3)", "exit()"):
            nb.cells.insert(40, nbformat.v4.new_code_cell(source))
    hand_in(room, student, number, name, nbformat.writes(nb))


def hand_in(room, student, number, name, text):
    """Put a file where a teacher puts what a student has sent."""
    folder = room.root / "submitted" / student / number
    folder.mkdir(parents=True)
    (folder / name).write_text(text, encoding="utf-8")


def duplicate(nb, id):
    """Copy and paste a cell, metadata and all, at the end of the notebook."""
    (cell,) = [cell for cell in nb.cells if grade_id(cell) == id]
    nb.cells.append(nbformat.from_dict(cell | {"id": "pasted"}))


MOST = {n: len(notebooks.exercises(notebooks.read(LESSONS[n]))) for n in LESSONS}
STUDENTS = [(number, student) for number in CHANGES for student in CHANGES[number]]


@pytest.mark.parametrize(("number", "student"), STUDENTS)
def test_each_costs_the_exercises_that_it_should(room, number, student):
    found = points(room.root, LESSONS[number], student)
    lost = CHANGES[number][student][1].split()
    assert len(found) == MOST[number]
    for id, score in found.items():
        assert score == (id.removeprefix("check-") not in lost), id


@pytest.mark.parametrize("number", LESSONS)
def test_students_see_what_the_student_edition_shows(room, number):
    lesson = LESSONS[number]
    release = nbformat.read(room.release(lesson), as_version=4)
    student = student_edition(lesson)
    shown = [(c.cell_type, c.source, c.metadata.get("tags")) for c in release.cells]
    assert shown == [
        (c.cell_type, c.source, c.metadata.get("tags")) for c in student.cells
    ]
    assert release.metadata.pixels == student.metadata.pixels


def page(room, number, student):
    """Return the text of a student's feedback page, the colours of errors taken out."""
    path = room.root / "feedback" / student / number
    text = (path / LESSONS[number].with_suffix(".html").name).read_text(
        encoding="utf-8"
    )
    return html.unescape(re.sub(r"</?span[^>]*>", "", text))


@pytest.mark.parametrize("id", ["1.3", "1.4", "1.8"])
def test_the_misconception_stands_in_the_feedback(room, id):
    assert find(id).wrong[0].message in page(room, "01", "ben")


@pytest.mark.parametrize(("number", "student"), STUDENTS)
def test_a_page_names_neither_the_machine_nor_the_hidden_cases(room, number, student):
    text = page(room, number, student)
    assert f"hidden={room.hidden}" not in text
    assert "HIDDEN TESTS" not in text
    for folder in (files.ROOT, sys.prefix, room.root):
        assert str(folder) not in text


def test_nothing_of_a_students_runs_on_the_page(room):
    path = room.root / "feedback" / "ben" / "01"
    text = path.joinpath(LESSONS["01"].with_suffix(".html").name).read_text(
        encoding="utf-8"
    )
    assert text.count("<b>of ben</b>") == 2
    assert "<script>window.ran" not in text
    assert "<i onclick" not in text and "&lt;i onclick" in text  # only as code
    done = notebooks.read(room.root / "autograded" / "ben" / "01" / LESSONS["01"].name)
    (shown,) = [o.data for o in done.cells[-2].outputs]
    assert "script" not in shown["text/html"]


def test_the_page_says_why_a_cell_was_stopped(room):
    assert "took too long" in page(room, "01", "cyn")
    assert page(room, "04", "cyn").count("KernelLost: ") == 2  # exit() loses nothing


@pytest.mark.parametrize("number", LESSONS)
def test_what_no_exercise_needs_is_left_out_and_looks_like_no_failure(room, number):
    source = LESSONS[number].name
    done = notebooks.read(room.root / "autograded" / "ada" / number / source)
    cells = [c for c in notebooks.code_cells(done) if c.source]
    left_out = [c for c in cells if LEFT_OUT in notebooks.stream(c)]
    assert len(left_out) > len(cells) / 2
    assert not any(o.output_type == "error" for c in cells for o in c.outputs)
    assert page(room, number, "ada").count(LEFT_OUT) == len(left_out)


@pytest.fixture(scope="module")
def exported(room):
    """Return the rows of nbgrader's own export."""
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", "export"],
        cwd=room.root,
        env=kernels.child_environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stderr
    with open(room.root / "grades.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("number", LESSONS)
def test_nbgrader_exports_the_grades(exported, number):
    rows, most = [row for row in exported if row["assignment"] == number], MOST[number]
    assert {row["student_id"]: float(row["score"]) for row in rows} == {
        name: most - len(lost.split()) for name, (_, lost) in CHANGES[number].items()
    }
    assert {float(row["max_score"]) for row in rows} == {most}
