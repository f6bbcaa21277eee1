"""`python -m tools slides`: how a page becomes slides, and what is exported."""

import re
from argparse import Namespace

import nbformat
import pytest
from nbformat import v4
from support.tiny_lessons import tiny_cells

from helpers.core.errors import UserError
from tools.course import files, notebooks
from tools.editions import slides
from tools.editions.slide_deck import counts, deck
from tools.editions.slide_formulas import to_html
from tools.editions.slide_text import blocks_of, cut

PREDICT = "> **Predict.** Which one?\n>\n> <details><summary>open</summary>B.</details>"
LONG = " ".join(["word"] * 70)


def typed(cell, kind):
    """Return the cell with a slide type."""
    cell.metadata["slideshow"] = {"slide_type": kind}
    return cell


def picture(source="plot()"):
    """Return a code cell with a stored picture."""
    output = v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
    return v4.new_code_cell(source, outputs=[output])


CODE = "```python\na = 1\n\n\nb = 2\n```"
GOALS = "After this lesson you can"
TURN = "**Your turn, 1.1** Do it."
CUT = [  # slide types of the blocks that follow; "+" goes with the one before
    # What looks back and what follows the question is said.
    ("notes slide + - notes", "Look.", "## Step 2", "Now.", PREDICT, "So we measure."),
    # A question gets its own slide where the text is long.
    ("slide + subslide", "## Step", f"{LONG} {LONG}", PREDICT),
    ("slide + notes", "## Step", LONG, f"More: {LONG}"),
    ("slide +", "## Step", CODE),  # a blank line in code cuts nothing
    # An exercise is shown only where a cell is one.
    ("slide skip", "Look.", TURN),
    ("slide", TURN),
    # Of a lesson's last cell the summary is left.
    ("skip slide + skip", "## Recall", "## Summary", "- So.", "## Glossary"),
    # A title keeps its goals and says its needs.
    ("slide + notes - +", "# 01", "Why?", "**Time:** 1 h.", GOALS, "- a"),
]


@pytest.mark.parametrize(("kinds", "blocks"), [(row[0], row[1:]) for row in CUT])
def test_a_text_becomes_slides_and_notes(kinds, blocks):
    found = [
        ("+" if number else kind, block)
        for kind, text in cut("\n\n".join(blocks), "slide")
        for number, block in enumerate(blocks_of(text))
    ]
    assert found == [*zip(kinds.split(), blocks, strict=True)]


def test_without_a_heading_the_last_paragraph_leads_to_the_question():
    parts = cut(f"{LONG}\n\nTwo ways.\n\n{PREDICT}", "subslide")
    assert [*parts] == [("subslide", "Two ways."), ("notes", LONG), ("-", PREDICT)]


@pytest.fixture
def nb():
    """A tiny lesson with slide types: three slides, a figure, a prediction."""
    parameters, *rest = tiny_cells()[1:]
    cells = [
        typed(v4.new_markdown_cell("# A tiny lesson\n\nWhy?"), "slide"),
        *(typed(cell, "skip") for cell in (parameters, *rest)),
        typed(
            v4.new_markdown_cell(f"Back.\n\n## Step 1\n\nNow $a_1$.\n\n{PREDICT}"),
            "slide",
        ),
        typed(picture("drawn_here()"), "subslide"),
        typed(v4.new_code_cell("1 + 1"), "-"),
    ]
    return v4.new_notebook(cells=cells)


def test_a_deck_has_unique_ids_and_leaves_its_lesson_alone(nb):
    before = nbformat.writes(nb)
    shown = deck(nb)
    assert nbformat.writes(nb) == before
    assert len({cell.id for cell in shown.cells}) == len(shown.cells) > len(nb.cells)
    nbformat.validate(shown)
    assert counts(shown) == {"slides": 3, "figures": 1, "predictions": 1}


def test_code_is_hidden_where_its_result_is_what_counts():
    output = v4.new_output("stream", text="4")
    short = v4.new_code_cell("2 + 2", outputs=[output])
    long = v4.new_code_cell("x = 2\n" * 11, outputs=[output])
    answer = v4.new_code_cell("2 + 2", outputs=[output])
    definition = v4.new_code_cell("x = 2\n" * 11)
    types = ("slide", "-", "-", "fragment", "-")
    cells = picture(), short, long, answer, definition
    nb = v4.new_notebook(cells=[*map(typed, cells, types)])
    hidden = ["jupyter" in cell.metadata for cell in deck(nb).cells]
    assert hidden == [True, False, True, True, False]


def test_formulas_become_mathml_and_code_stays():
    source = (
        "So $a_1$ and\n\n$$\n\\frac{a}{b}\n$$\n\nbut `$x$`.\n\n"
        "<details>$x<y$</details>\n\n```\n$z$\n```"
    )
    html = to_html(source, v4.new_markdown_cell(source))
    assert "So <math><msub><mi>a</mi><mn>1</mn></msub></math> and" in html
    fraction = "<mfrac><mi>a</mi><mi>b</mi></mfrac>"
    assert f'<p><math display="block">{fraction}</math></p>' in html
    assert "<details><math><mi>x</mi><mo>&lt;</mo><mi>y</mi></math></details>" in html
    assert re.findall(r"\$.*\$", html) == ["$x$", "$z$"]
    assert html.count("<math") == len(notebooks.formulas(source))


@pytest.fixture
def lesson(nb, a_course):
    """Return the path of the tiny lesson, in a course of its own."""
    file = files.make_folder(a_course() / "notebooks") / "01_tiny.ipynb"
    nbformat.write(nb, file)
    return file


def test_the_exported_deck_has_what_was_counted(lesson, tmp_path):
    shown = slides.export(lesson, tmp_path, "reveal")
    text = (tmp_path / "01_tiny.slides.html").read_text(encoding="utf-8")
    columns = re.findall(r"</section>\s*</section>", text)  # reveal.js nests slides
    assert text.count("<section") - len(columns) == shown["slides"] == 3
    assert "drawn_here" not in text  # the picture alone
    assert "Now <math><msub>" in text
    assert "theme/white.css" in text  # others ask the network for their type
    assert "SEED" not in text
    assert '<aside class="notes">' in text
    addresses = re.findall(r'(?:src|href)="(https?:[^"]*)"', text)
    assert addresses == []


def test_a_formula_that_cannot_be_converted_is_named_with_its_cell(lesson, nb):
    nb.cells[0].source += " $\\nosuch{a}$"
    nbformat.write(nb, lesson)
    said = rf"cell {nb.cells[0].id} .*nosuch.* cannot become MathML: Unknown command"
    with pytest.raises(UserError, match=said):
        slides.export(lesson, lesson.parent, "reveal")
    assert not [*lesson.parent.glob("*.html")]


def test_a_local_reveal_goes_along_with_the_decks(lesson, tmp_path, capsys):
    for name in slides.NEEDED:
        file = tmp_path / "reveal.js" / name
        files.make_folder(file.parent)
        file.write_text("", encoding="utf-8")
    reveal = str(tmp_path / "reveal.js")
    assert slides.main(Namespace(lessons=["01"], reveal=reveal)) == 0
    built = files.BUILD / "slides"
    assert all((built / "reveal" / name).is_file() for name in slides.NEEDED)
    text = (built / "01_tiny.slides.html").read_text(encoding="utf-8")
    assert '"reveal/dist/reveal.js"' in text
    said = capsys.readouterr().out
    assert re.search(r"01_tiny +3 +1 +1\n", said)
    assert "needs" not in said
    assert slides.main(Namespace(lessons=["01"], reveal="")) == 0
    assert "Showing them needs https://" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"not reveal.js 4: it has no dist/reveal.js"):
        slides.main(Namespace(lessons=[], reveal=str(tmp_path)))
