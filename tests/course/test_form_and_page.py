"""Every lesson keeps every rule, and every rule can tell when it is broken."""

from pathlib import Path

import pytest
from nbformat import v4
from support import rules_of_form, rules_of_page
from support.stored_lesson import Lesson, load

from helpers.page.claims import MIME
from tools.course import files, notebooks

EVERY = rules_of_form.EVERY + rules_of_page.EVERY
FULL = rules_of_page.FULL
PATHS = sorted(files.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
PAIRS = [
    pytest.param(path, rule, id=f"{path.stem}-{rule.__name__}")
    for path in PATHS
    for rule in (EVERY if load(path).short else EVERY + FULL)
]


@pytest.mark.parametrize(("path", "rule"), PAIRS)
def test_lesson_keeps_the_rule(path, rule):
    faults = rule(load(path))
    assert not faults, "\n".join([rule.__doc__, *faults])


def output(kind="image/png", **metadata):
    """Return an output of the given type."""
    return v4.new_output("display_data", {kind: "data"}, metadata=metadata)


def claim(id="1.1", judged=True, held=True):
    """Return the output of a claim."""
    record = {"id": id, "judged": judged, "held": held}
    return v4.new_output("display_data", {MIME: record})


def exercise(number):
    """Return solution and check of one exercise."""
    solution = v4.new_code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION")
    solution.metadata["nbgrader"] = {"solution": True, "grade_id": f"ex-1-{number}"}
    check = v4.new_code_cell(f'check("1.{number}", x)')
    check.metadata["nbgrader"] = {"grade": True, "grade_id": f"check-1-{number}"}
    prose = v4.new_markdown_cell("Try it."), v4.new_markdown_cell("Well done.")
    return [prose[0], solution, check, prose[1]]


@pytest.fixture
def lesson():
    """A synthetic lesson that keeps every rule; the faults are put in by the tests."""
    cells = [
        v4.new_markdown_cell("# A title"),
        v4.new_code_cell('SEED = 0\nBUDGET = 1.0\nDEVICE = "auto"'),
    ]
    cells[1].metadata["tags"] = ["parameters"]
    for number in range(1, 9):
        picture = v4.new_code_cell("plot()", outputs=[])
        picture.outputs = [output(**{"image/png": {"alt": "a curve that rises"}})]
        cells += [picture, v4.new_markdown_cell("It rises. " + "word " * 80)]
        for _ in range(4):
            cells.append(v4.new_markdown_cell("word " * 80))
        cells += [v4.new_code_cell("1 + 1"), *exercise(number)]
    cells[2].outputs.append(claim())
    cells[2].outputs.append(output(rules_of_page.WIDGET))
    nb = v4.new_notebook(cells=cells)
    for number, cell in enumerate(notebooks.code_cells(nb), start=1):
        cell.execution_count = number
    nb.metadata["pixels"] = {"code": notebooks.code_fingerprint(nb)}
    return Lesson(Path("notebooks/01_synthetic.ipynb"), nb, 1000)


@pytest.mark.parametrize("rule", EVERY + FULL, ids=lambda r: r.__name__)
def test_the_synthetic_lesson_keeps_the_rule(lesson, rule):
    assert rule(lesson) == []


def first_code(nb, change):
    """Change the source of the second code cell."""
    cell = notebooks.code_cells(nb)[1]
    cell.source = change(cell.source)


def add_output(nb, new):
    """Add an output to the second code cell."""
    notebooks.code_cells(nb)[1].outputs.append(new)


def set_prose(nb, text, at=3):
    """Replace a Markdown cell: number 3 stands under the first figure."""
    nb.cells[at].source = text


STDERR = v4.new_output("stream", text="!", name="stderr")
ERROR = v4.new_output("error", ename="E", evalue="e", traceback=["e"])
HTML_PATH = v4.new_output("display_data", {"text/html": "<b>/home/me/x</b>"})
TEXT_ADDRESS = v4.new_output("stream", text="<object at 0x7f00aa12>")


def skip(nb, text="word", cells=1, at=None):
    """Put in an optional step with a text and code cells, at the end or before `at`."""
    step = [v4.new_markdown_cell(t) for t in ("## Step 9 (optional). More", text)]
    step += [v4.new_code_cell("skipped = 1") for _ in range(cells)]
    place = len(nb.cells) if at is None else at
    nb.cells[place:place] = step


def use_what_is_skipped(nb):
    """Put in an optional step, and another that uses what it defines."""
    skip(nb)
    nb.cells += [v4.new_markdown_cell("## Next"), v4.new_code_cell("print(skipped)")]


BREAK = [
    (rules_of_form.is_valid, lambda nb: nb.cells[1].update(id=nb.cells[0].id)),
    (rules_of_form.is_valid, lambda nb: nb.update(nbformat_minor=4)),
    (rules_of_page.starts_with_a_title, lambda nb: set_prose(nb, "No title", at=0)),
    (
        rules_of_form.has_parameters_first,
        lambda nb: nb.cells[1].metadata.update(tags=[]),
    ),
    (
        rules_of_form.has_parameters_first,
        lambda nb: nb.cells[2].metadata.update(nb.cells[1].metadata),
    ),
    (
        rules_of_form.has_parameters_first,
        lambda nb: nb.cells[1].update(source="SEED = f()"),
    ),
    (
        rules_of_form.has_parameters_first,
        lambda nb: nb.cells[1].update(source="import os"),
    ),
    (
        rules_of_form.has_parameters_first,
        lambda nb: nb.cells[1].update(source="SEED = 0"),
    ),
    (
        rules_of_form.is_executed_in_order,
        lambda nb: nb.cells[2].update(execution_count=None),
    ),
    (
        rules_of_form.is_executed_in_order,
        lambda nb: nb.cells[2].update(execution_count=7),
    ),
    (
        rules_of_form.has_outputs_of_this_code,
        lambda nb: first_code(nb, lambda s: s + " + 1"),
    ),
    (rules_of_form.has_outputs_of_this_code, lambda nb: nb.metadata.pop("pixels")),
    (rules_of_form.has_no_errors, lambda nb: add_output(nb, ERROR)),
    (rules_of_form.has_no_stderr, lambda nb: add_output(nb, STDERR)),
    (
        rules_of_form.has_no_timing_metadata,
        lambda nb: nb.cells[2].metadata.update(execution={}),
    ),
    (
        rules_of_form.has_no_timing_metadata,
        lambda nb: nb.cells[0].metadata.update(papermill={}),
    ),
    (rules_of_form.has_no_timing_metadata, lambda nb: nb.metadata.update(papermill={})),
    (
        rules_of_form.has_no_timing_metadata,
        lambda nb: nb.metadata.update(language_info={"version": "3"}),
    ),
    (
        rules_of_form.is_plain_python,
        lambda nb: first_code(nb, lambda _: "%pip install x"),
    ),
    (rules_of_form.is_plain_python, lambda nb: first_code(nb, lambda _: "!ls")),
    (rules_of_form.names_no_machine, lambda nb: add_output(nb, HTML_PATH)),
    (rules_of_form.names_no_machine, lambda nb: add_output(nb, TEXT_ADDRESS)),
    (rules_of_form.names_no_machine, lambda nb: set_prose(nb, "See /tmp/x.png.")),
    (
        rules_of_page.has_balanced_solutions,
        lambda nb: first_code(nb, lambda _: "### END SOLUTION"),
    ),
    (
        # The stub takes the indentation of its marker.
        rules_of_page.has_balanced_solutions,
        lambda nb: first_code(
            nb, lambda _: "x = 1\n  ### BEGIN SOLUTION\n### END SOLUTION"
        ),
    ),
    (rules_of_page.has_whole_exercises, lambda nb: nb.cells.pop(10)),
    (
        rules_of_page.has_whole_exercises,
        lambda nb: nb.cells[11].update(source='check("1.9", x)'),
    ),
    (rules_of_form.has_claims_that_held, lambda nb: add_output(nb, claim())),
    (rules_of_form.has_claims_that_held, lambda nb: add_output(nb, claim("2.1"))),
    (
        rules_of_form.has_claims_that_held,
        lambda nb: add_output(nb, claim("1.2", False, None)),
    ),
    (
        rules_of_form.has_claims_that_held,
        lambda nb: add_output(nb, claim("1.2", True, False)),
    ),
    (rules_of_page.has_figures_with_alt_text, lambda nb: add_output(nb, output())),
    (
        rules_of_page.has_a_sentence_under_each_figure,
        lambda nb: set_prose(nb, "## A heading."),
    ),
    (
        rules_of_page.has_a_sentence_under_each_figure,
        lambda nb: set_prose(nb, "no full stop"),
    ),
    (
        rules_of_page.has_a_sentence_under_each_figure,
        lambda nb: set_prose(nb, "- An item."),
    ),
    (rules_of_page.has_a_sentence_under_each_figure, lambda nb: nb.cells.pop(3)),
    (rules_of_page.has_short_paragraphs, lambda nb: set_prose(nb, "word " * 91)),
    (
        rules_of_page.has_links_that_resolve,
        lambda nb: set_prose(nb, "[next](02_missing.ipynb)"),
    ),
    (
        rules_of_page.has_small_cells,
        lambda nb: first_code(nb, lambda _: "x = 1\n" * 21),
    ),
    (
        rules_of_page.has_small_cells,
        lambda nb: first_code(nb, lambda _: "class A:\n" + "    x = 1\n" * 30),
    ),
    (
        rules_of_page.has_small_cells,
        lambda nb: [c.update(source="x\n" * 8) for c in nb.cells],
    ),
    (
        rules_of_page.has_small_cells,
        lambda nb: [c.update(source="x\n" * 19) for c in nb.cells[-30:]],
    ),
    (rules_of_page.has_prose_between_code, lambda nb: nb.cells.pop(9)),
    (rules_of_page.has_30_to_60_code_cells, lambda nb: nb.update(cells=nb.cells[:60])),
    (rules_of_page.has_30_to_60_code_cells, lambda nb: nb.update(cells=nb.cells * 2)),
    (rules_of_page.has_2500_to_5000_words, lambda nb: set_prose(nb, "word " * 2600)),
    (rules_of_page.has_2500_to_5000_words, lambda nb: nb.update(cells=nb.cells[:60])),
    (rules_of_page.has_6_to_12_figures, lambda nb: nb.update(cells=nb.cells[:40])),
    (rules_of_page.has_6_to_12_figures, lambda nb: nb.update(cells=nb.cells * 2)),
    (rules_of_page.has_bounded_optional_steps, lambda nb: skip(nb, "word " * 2001)),
    (rules_of_page.has_bounded_optional_steps, lambda nb: skip(nb, cells=25)),
    (rules_of_page.has_2500_to_5000_words, lambda nb: skip(nb, at=0)),
    (rules_of_page.needs_no_optional_step, lambda nb: use_what_is_skipped(nb)),
    (rules_of_page.has_8_exercises, lambda nb: nb.update(cells=nb.cells[:60])),
    (rules_of_page.has_an_explorer, lambda nb: nb.cells[2].update(outputs=[])),
]


def test_what_the_main_path_defines_itself_is_no_need_of_the_optional_step(lesson):
    use_what_is_skipped(lesson.nb)
    lesson.nb.cells[-1].source = "skipped = 2\nprint(skipped)"
    assert rules_of_page.needs_no_optional_step(lesson) == []


def test_an_optional_step_ends_at_the_next_heading_of_its_level(lesson):
    skip(lesson.nb, "### A part\n\nword", cells=2)
    lesson.nb.cells.append(v4.new_markdown_cell("## Step 10. Go on"))
    assert lesson.optional == {cell.id for cell in lesson.nb.cells[-5:-1]}


@pytest.mark.parametrize(("rule", "fault"), BREAK, ids=lambda x: x.__name__)
def test_the_rule_sees_the_fault(lesson, rule, fault):
    fault(lesson.nb)
    assert rule(lesson) != []


def test_a_large_file_is_seen(lesson):
    large = Lesson(lesson.path, lesson.nb, 1_000_000)
    assert rules_of_form.is_small(large) != []


def test_every_rule_has_been_seen_to_fail():
    broken = {rule for rule, _ in BREAK} | {rules_of_form.is_small}
    assert broken == set(EVERY + FULL)


def test_what_looks_like_a_fault_and_is_none(lesson):
    set_prose(
        lesson.nb,
        "A 640x480 picture, **bold**: 0xff of https://x.org/home/me/page.\n\n"
        "- " + "word " * 60 + "\n- " + "word " * 60,
    )
    assert rules_of_form.names_no_machine(lesson) == []
    assert rules_of_page.has_short_paragraphs(lesson) == []
    assert rules_of_page.has_a_sentence_under_each_figure(lesson) == []
