"""The exercises and checks of a submission are found again, whatever an editor left."""

import copy

import pytest
from nbformat import v4
from support.tiny_lessons import GRADED

from tools.classroom.exercise_cells import grade_id, restore

ANSWER = "def half(n):\n    return n / 2"
CHECKS = ('check("1.1", half)', 'check("1.2", ratio)')


def exercise(number, stub, check):
    """Return the two cells of an exercise, as released."""
    own = {"solution": True, "locked": False, "grade_id": f"ex-{number}"}
    its_check = GRADED | {"grade_id": f"check-{number}"}
    return [
        v4.new_code_cell(stub, id=f"ex-cell-{number}", metadata={"nbgrader": own}),
        v4.new_code_cell(
            check, id=f"check-cell-{number}", metadata={"nbgrader": its_check}
        ),
    ]


def pasted(cell, source):
    """Return a copy of a cell, metadata and all, with another source."""
    metadata = copy.deepcopy(cell.metadata)
    return v4.new_code_cell(source, id="pasted", metadata=metadata)


@pytest.fixture
def release():
    """Return a released lesson of two exercises."""
    cells = [
        v4.new_code_cell("ratio = 1  # given", id="given"),
        *exercise("1-1", "def half(n):\n    ...", CHECKS[0]),
        *exercise("1-2", "ratio = ...", CHECKS[1]),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    return v4.new_notebook(cells=cells, metadata=metadata)


@pytest.fixture
def nb(release):
    """Return a submission: both exercises are solved."""
    nb = copy.deepcopy(release)
    nb.cells[1].source, nb.cells[3].source = ANSWER, "ratio = 3"
    return nb


def marked(nb):
    """Return {nbgrader's id of a cell: its source}; each stands there once."""
    pairs = [(grade_id(cell), cell.source) for cell in nb.cells if grade_id(cell)]
    assert len({cell.id for cell in nb.cells}) == len(nb.cells)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


SOLVED = {
    "ex-1-1": ANSWER,
    "check-1-1": CHECKS[0],
    "ex-1-2": "ratio = 3",
    "check-1-2": CHECKS[1],
}


def strip(nb, ids=True):
    """Take all metadata from the cells, and their ids."""
    for number, cell in enumerate(nb.cells):
        cell.metadata = {}
        if ids:
            cell.id = f"new-{number}"


def test_what_is_whole_stays_as_it_is(nb, release):
    before = copy.deepcopy(nb)
    assert restore(nb, release) == 0
    assert nb == before


@pytest.mark.parametrize("ids", [False, True])
def test_metadata_that_is_gone_is_put_back(nb, release, ids):
    before = copy.deepcopy(nb)
    strip(nb, ids)
    nb.metadata = {"kernelspec": {"name": "conda-env-x", "display_name": "x"}}
    assert restore(nb, release) == 4
    assert marked(nb) == SOLVED
    assert nb.cells[1:] == before.cells[1:]
    assert nb.metadata == release.metadata


def test_what_is_left_of_nbgraders_metadata_is_made_whole(nb, release):
    before = copy.deepcopy(nb)
    for cell in nb.cells[1:]:
        cell.metadata["nbgrader"] = {"grade_id": grade_id(cell), "points": 99}
    assert restore(nb, release) == 0
    assert nb == before


def test_a_check_that_was_copied_is_the_one_that_was_released(nb, release):
    nb.cells.append(pasted(nb.cells[2], CHECKS[0]))
    restore(nb, release)
    assert marked(nb) == SOLVED
    assert [grade_id(cell) for cell in nb.cells][-1] == ""
    assert nb.cells[2].id == "check-cell-1-1"


@pytest.mark.parametrize("stripped", [False, True])
def test_of_an_exercise_split_in_two_what_defines_it_counts(nb, release, stripped):
    nb.cells.insert(1, pasted(nb.cells[1], "import math"))
    if stripped:
        strip(nb)
    restore(nb, release)
    assert marked(nb) == SOLVED
    assert nb.cells[1].source == "import math"


def test_an_exercise_merged_into_its_check_is_kept_above_it(nb, release):
    nb.cells[2].source = f"{ANSWER}\n\n{CHECKS[0]}"
    del nb.cells[1]
    restore(nb, release)
    assert [cell.source for cell in nb.cells[1:3]] == [ANSWER, nb.cells[2].source]
    assert grade_id(nb.cells[1]) == ""
    assert grade_id(nb.cells[2]) == "check-1-1"


def test_a_check_merged_into_its_exercise_leaves_the_exercise(nb, release):
    nb.cells[1].source += f"\n\n{CHECKS[0]}"
    del nb.cells[2]
    strip(nb)
    restore(nb, release)
    assert marked(nb).keys() == SOLVED.keys() - {"check-1-1"}
    assert marked(nb)["ex-1-1"].startswith(ANSWER)


def test_what_the_lesson_gives_is_no_answer(nb, release):
    strip(nb)
    nb.cells.append(nb.cells.pop(0))  # the given cell, below the exercise
    restore(nb, release)
    assert marked(nb) == SOLVED


def test_a_cell_from_another_lesson_is_a_plain_one(nb, release):
    other = GRADED | {"grade_id": "check-3-1"}
    nb.cells.append(v4.new_code_cell("1 / 0", metadata={"nbgrader": other}))
    restore(nb, release)
    assert marked(nb) == SOLVED
    assert nb.cells[-1].source == "1 / 0"


def test_an_answer_that_is_no_python_is_left_where_it_is(nb, release):
    strip(nb)
    nb.cells[1].source = "def half(n:"
    restore(nb, release)
    assert marked(nb).keys() == SOLVED.keys() - {"ex-1-1"}
    assert nb.cells[1].source == "def half(n:"


def test_an_exercise_that_is_deleted_is_not_made_up(nb, release):
    del nb.cells[1]
    restore(nb, release)
    assert marked(nb).keys() == SOLVED.keys() - {"ex-1-1"}


@pytest.mark.parametrize("source", ["def half(n:", "%time\nx = 1", "# deleted"])
def test_a_cell_that_has_kept_its_id_needs_no_content(nb, release, source):
    strip(nb, ids=False)
    nb.cells[1] = v4.new_raw_cell(source, id=nb.cells[1].id)
    assert restore(nb, release) == 4
    assert marked(nb) == SOLVED | {"ex-1-1": source}
