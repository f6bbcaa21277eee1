"""What `make e2e` demands of a page: every check can fail, and passes a good page."""

import pytest
from nbformat import v4
from support.tiny_lessons import code

from tools.verify.browser.checks import alt_problems, cell_problems, page_problems

SCREEN = 600
PICTURE = {"natural": [700, 300], "shown": [700, 300]}
PNG = "image/png"


def drawn(*kinds, **metadata):
    """Return a code cell of the worked lesson that stores something of each kind."""
    cell = code("draw()")
    cell.outputs = [
        v4.new_output("display_data", {kind: "AA"}, metadata=metadata) for kind in kinds
    ]
    return cell


WORKED = drawn(PNG, "text/plain")
TEXT = v4.new_markdown_cell(
    "$x$ and $$y\n+ 1$$, but `$z$`, ```\n$$\n``` and \\$3 to \\$4\n\n| a |\n|---|\n"
)


def seen(**changes):
    """Return a cell as the browser describes it, good but for the changes."""
    good = {
        "prompt": "[3]:",
        "stderr": [],
        "pictures": [PICTURE],
        "formulas": 2,
        "broken": [],
        "prose": "It costs 3 dollars, 1 $ or 2.",
        "tables": [{"rows": 3, "excess": -20}],
        "excess": 0,
        "code": 0,
        "height": 500,
        "scrolled": False,
        "letters": 12,
        "controls": 0,
    }
    return good | changes


@pytest.mark.parametrize("worked", [WORKED, TEXT], ids=["code", "text"])
def test_a_good_cell_has_no_problem(worked):
    assert cell_problems(seen(), worked, SCREEN) == []


@pytest.mark.parametrize(
    ("worked", "changes", "problem"),
    [
        (WORKED, {"prompt": "[ ]:"}, "was not run: its prompt is '[ ]:'"),
        (WORKED, {"prompt": "[*]:"}, "was not run: its prompt is '[*]:'"),
        (
            WORKED,
            {"stderr": ["Traceback (most recent call last)\nBoom: no"]},
            "error output: Boom: no",
        ),
        (WORKED, {"stderr": ["a warning\n\n"]}, "stderr: a warning"),
        (WORKED, {"pictures": []}, "0 of 1 figures are shown"),
        (WORKED, {"pictures": [PICTURE | {"natural": [0, 0]}]}, "a figure is empty"),
        (WORKED, {"pictures": [PICTURE | {"shown": [700, 0]}]}, "a figure is empty"),
        (
            WORKED,
            {"pictures": [PICTURE | {"natural": [1400, 600]}]},
            "a figure is shrunk from 1400 to 700 pixels",
        ),
        (TEXT, {"formulas": 0}, "0 of 2 formulas are rendered"),
        (TEXT, {"broken": ["\\frac"]}, "a broken formula: '\\\\frac'"),
        (TEXT, {"tables": []}, "0 of 1 tables are rendered"),
        (TEXT, {"tables": [{"rows": 0, "excess": 0}]}, "0 of 1 tables are rendered"),
        (TEXT, {"letters": 8.0}, "letters of 8 pixels are too small"),
        (WORKED, {"excess": 40}, "sticks out of the page by 40 pixels"),
        (
            WORKED,
            {"tables": [{"rows": 3, "excess": 9}]},
            "sticks out of the page by 9 pixels",
        ),
        (WORKED, {"code": 12}, "code is 12 pixels wider than its cell"),
        (WORKED, {"height": 1200}, "its output is 2.0 screens tall"),
        (WORKED, {"scrolled": True}, "its output scrolls inside a box"),
    ],
)
def test_each_thing_that_is_wrong_is_said_with_its_cell(worked, changes, problem):
    found = cell_problems(seen(**changes), worked, SCREEN)
    assert found == [f"cell {worked.id}: {problem}"]


@pytest.mark.parametrize("raw", ["$x + 1$", r"\(x\)", r"\[x\]", "$$x\n+ 1$$"])
def test_a_formula_left_raw_in_a_text_is_a_problem(raw):
    (problem,) = cell_problems(seen(prose=f"So {raw} is."), TEXT, SCREEN)
    assert problem == f"cell {TEXT.id}: a formula is shown raw: {raw!r}"
    assert cell_problems(seen(prose=raw), WORKED, SCREEN) == []  # what code prints


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, []),
        ({"cells": []}, ["0 of 1 cells are shown"]),
        ({"toasts": ["News!"]}, ["JupyterLab says: 'News!'"]),
        ({"dialogs": ["Select a kernel"]}, ["JupyterLab asks: 'Select a kernel'"]),
    ],
)
def test_a_page_shows_all_cells_and_nothing_around_them(changes, problems):
    page = {"cells": [seen()], "screen": SCREEN, "toasts": [], "dialogs": []}
    nb = v4.new_notebook(cells=[WORKED])
    assert page_problems(page | changes, nb, nb) == problems


def test_a_saved_figure_needs_an_alt_text():
    good, bare = drawn(PNG, **{PNG: {"alt": "A."}}), drawn(PNG, "text/plain")
    problems = alt_problems(v4.new_notebook(cells=[good, bare]))
    assert problems == [f"cell {bare.id}: a figure has no alt text"]
