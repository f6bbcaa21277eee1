"""What `make e2e` demands of a page: every check can fail, and passes a good page."""

import pytest
from nbformat import v4
from support.tiny_lessons import code

from tools.verify.browser.checks import (
    Expected,
    alt_problems,
    around_problems,
    cell_problems,
    expected,
    page_problems,
)

SCREEN = 600
WANTED = Expected("cell-1", True, figures=1, formulas=1, tables=1)
PICTURE = {"natural": [700, 300], "shown": [700, 300], "alt": ""}


def seen(**changes):
    """Return a cell as the browser describes it, good but for the changes."""
    good = {
        "kind": "code",
        "prompt": "[3]:",
        "errors": [],
        "stderr": [],
        "pictures": [PICTURE],
        "formulas": 1,
        "broken": [],
        "prose": "It costs 3 dollars.",
        "tables": [{"rows": 3, "excess": -20}],
        "excess": 0,
        "code": 0,
        "height": 500,
        "scrolled": False,
        "letters": 12,
        "controls": 0,
    }
    return good | changes


def test_a_good_cell_has_no_problem():
    assert cell_problems(seen(), WANTED, SCREEN) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"prompt": "[ ]:"}, "was not run: its prompt is '[ ]:'"),
        ({"prompt": "[*]:"}, "was not run: its prompt is '[*]:'"),
        ({"errors": ["Boom: no\n"]}, "error output: Boom: no"),
        (
            {"stderr": ["Traceback (most recent call last)\nBoom: no"]},
            "error output: Boom: no",
        ),
        ({"stderr": ["a warning\n\n"]}, "stderr: a warning"),
        ({"pictures": []}, "0 of 1 figures are shown"),
        ({"pictures": [PICTURE | {"natural": [0, 0]}]}, "a figure is empty"),
        ({"pictures": [PICTURE | {"shown": [700, 0]}]}, "a figure is empty"),
        (
            {"pictures": [PICTURE | {"natural": [1400, 600]}]},
            "a figure is shrunk from 1400 to 700 pixels",
        ),
        ({"formulas": 0}, "0 of 1 formulas are rendered"),
        ({"broken": ["\\frac"]}, "a broken formula: '\\\\frac'"),
        ({"tables": []}, "0 of 1 tables are rendered"),
        ({"tables": [{"rows": 0, "excess": 0}]}, "0 of 1 tables are rendered"),
        ({"letters": 8.0}, "letters of 8 pixels are too small"),
        ({"excess": 40}, "sticks out of the page by 40 pixels"),
        ({"tables": [{"rows": 3, "excess": 9}]}, "sticks out of the page by 9 pixels"),
        ({"code": 12}, "code is 12 pixels wider than its cell"),
        ({"height": 1200}, "its output is 2.0 screens tall"),
        ({"scrolled": True}, "its output scrolls inside a box"),
    ],
)
def test_each_thing_that_is_wrong_is_said_with_its_cell(changes, problem):
    assert cell_problems(seen(**changes), WANTED, SCREEN) == [f"cell cell-1: {problem}"]


@pytest.mark.parametrize("raw", ["$x + 1$", r"\(x\)", r"\[x\]", "$$x\n+ 1$$"])
def test_a_formula_left_raw_in_a_text_is_a_problem(raw):
    text, shown = Expected("cell-1", False), seen(prompt="", prose=f"So {raw} is.")
    (problem,) = cell_problems(shown, text, SCREEN)
    assert problem == f"cell cell-1: a formula is shown raw: {raw!r}"
    assert cell_problems(seen(prompt="", prose="1 $ or 2"), text, SCREEN) == []
    assert cell_problems(seen(prose=raw), WANTED, SCREEN) == []  # what code prints


def page(*cells, **changes):
    """Return a page as the browser describes it, good but for the changes."""
    around = {"screen": SCREEN, "buttons": ["File", "Enterprise"], "toasts": []}
    return {"cells": list(cells), "dialogs": []} | around | changes


def test_a_page_must_show_all_cells():
    assert page_problems(page(seen()), [WANTED]) == []
    assert page_problems(page(seen()), [WANTED] * 2) == ["1 of 2 cells are shown"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"buttons": ["Nbgrader"]}, "a button of the extra `classroom`: 'Nbgrader'"),
        ({"buttons": ["Render as Reveal Slideshow"]}, "a button of the extra"),
        ({"toasts": ["News!"]}, "JupyterLab says: 'News!'"),
        ({"dialogs": ["Select a kernel"]}, "JupyterLab asks: 'Select a kernel'"),
    ],
)
def test_what_jupyterlab_adds_around_a_lesson_is_a_problem(changes, problem):
    (found,) = around_problems(page(**changes))
    assert problem in found


def test_expected_are_the_stored_figures_and_the_formulas_and_tables_of_the_text():
    figure = v4.new_output("display_data", {"image/png": "AA"})
    words = v4.new_output("display_data", {"text/plain": "AA"})
    cell = code("draw()")
    text = v4.new_markdown_cell(
        "$x$ and $$y\n+ 1$$, but `$z$`, ```\n$$\n``` and \\$3 to \\$4\n\n| a |\n|---|\n"
    )
    worked = v4.new_notebook(cells=[cell, text])
    student = v4.new_notebook(cells=[cell.copy(), text])
    cell.outputs = [figure, words, figure]
    assert expected(student, worked) == [
        Expected(cell.id, True, figures=2),
        Expected(text.id, False, formulas=2, tables=1),
    ]


def test_a_saved_figure_needs_an_alt_text():
    kind = "image/png"
    good = v4.new_output("display_data", {kind: "AA"}, metadata={kind: {"alt": "A."}})
    bare = v4.new_output("display_data", {kind: "AA"})
    cells = [code("good()"), code("bare()")]
    cells[0].outputs, cells[1].outputs = [good], [bare]
    problems = alt_problems(v4.new_notebook(cells=cells))
    assert problems == [f"cell {cells[1].id}: a figure has no alt text"]
