"""Every lesson's deck keeps every rule, and every rule can tell when it is broken."""

import pytest
from nbformat import v4
from support import rules_of_slides as rules
from support.stored_lesson import Lesson, load

from tools.course import notebooks

PREDICT = "> **Predict.** Which?\n>\n> <details><summary>open</summary>B.</details>"


@pytest.mark.parametrize("rule", rules.EVERY, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.stem)
def test_deck_keeps_the_rule(path, rule):
    faults = rule(load(path))
    assert not faults, "\n".join([rule.__doc__, *faults])


def cell(source, kind, *outputs, **metadata):
    """Return a cell with a slide type: text, or code where it has outputs."""
    metadata["slideshow"] = {"slide_type": kind}
    if outputs:
        return v4.new_code_cell(source, outputs=[*outputs], metadata=metadata)
    return v4.new_markdown_cell(source, metadata=metadata)


FIGURE = v4.new_output("display_data", {"image/png": "data"})
TEXT = v4.new_output("stream", text="4")
ANSWER = 4  # the place of the cell that answers on the prediction's slide


@pytest.fixture
def lesson(tmp_path):
    """A lesson whose deck keeps every rule; the faults are put in by the tests."""
    cells = [
        cell("# Title", "slide"),
        cell("SEED = 0", "skip", TEXT, tags=["parameters"]),
        cell("## Step\n\nText with $a_1$.", "slide"),
        cell(PREDICT, "-"),
        cell("2 + 2", "fragment", TEXT),
    ]
    cells += [cell("plot()", "subslide", FIGURE) for _ in range(20)]
    cells += [cell("## Summary\n\n" + "word " * 200, "slide")]
    return Lesson(tmp_path / "01_test.ipynb", v4.new_notebook(cells=cells), 1000)


def retype(number, kind):
    """Return a fault: another slide type for one cell."""
    return lambda nb: nb.cells[number].metadata.update(slideshow={"slide_type": kind})


def rewrite(number, source):
    """Return a fault: another source for one cell."""
    return lambda nb: nb.cells[number].update(source=source)


def insert(new):
    """Return a fault: one more cell after the title."""
    return lambda nb: nb.cells.insert(1, new)


BREAK = [
    (rules.has_a_type_for_each_cell, lambda nb: nb.cells[2].metadata.clear()),
    (rules.has_a_type_for_each_cell, retype(2, "slides")),
    (rules.has_20_to_28_slides, lambda nb: nb.cells.__delitem__(slice(5, 9))),
    (rules.has_20_to_28_slides, lambda nb: nb.cells.extend(nb.cells[5:13])),
    (rules.opens_with_its_title, retype(0, "subslide")),
    (rules.opens_with_its_title, lambda nb: nb.cells.pop(0)),
    (rules.shows_every_prediction_and_figure, retype(3, "notes")),
    (rules.shows_every_prediction_and_figure, retype(9, "skip")),
    (rules.hides_answers_until_asked, retype(ANSWER, "-")),
    (rules.hides_answers_until_asked, retype(5, "-")),
    (
        rules.hides_answers_until_asked,
        rewrite(3, PREDICT.replace("<details>", "<details open>")),
    ),
    (rules.shows_no_machinery, retype(1, "-")),
    (rules.shows_no_machinery, insert(cell("import torch", "-", TEXT))),
    (
        rules.shows_no_machinery,
        insert(cell("x = 1", "-", TEXT, nbgrader={"solution": True})),
    ),
    (rules.shows_no_machinery, insert(cell("x = 1", "-", TEXT, tags=["worked-only"]))),
    (rules.can_be_read_from_the_last_row, rewrite(2, "## Step\n\n" + "word " * 151)),
    (rules.can_be_read_from_the_last_row, rewrite(-1, "## Summary\n\n" + "w " * 221)),
    (rules.can_be_read_from_the_last_row, insert(v4.new_code_cell("x = 1\n" * 15))),
    (rules.has_formulas_that_become_mathml, rewrite(2, r"$\nosuch{a}$")),
    (rules.has_formulas_that_become_mathml, rewrite(2, "|a|b|c|\n|-|-|-|\n|$|x|$|")),
]


@pytest.mark.parametrize(("rule", "fault"), BREAK)
def test_the_rule_sees_the_fault(lesson, rule, fault):
    assert rule(lesson) == []
    fault(lesson.nb)
    assert rule(Lesson(lesson.path, lesson.nb, 0)) != []


def test_every_rule_has_been_seen_to_fail():
    assert {rule for rule, _ in BREAK} == set(rules.EVERY)
