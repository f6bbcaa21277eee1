"""`python -m tools slides`: how a page becomes slides, and what is exported."""

import re
from argparse import Namespace

import nbformat
import pytest
from nbformat import v4
from support.tiny_lessons import tiny_cells

from helpers.core.errors import UserError
from tools.__main__ import parser
from tools.course import files, notebooks
from tools.editions import slides
from tools.editions.slide_deck import counts, deck, slide_type
from tools.editions.slide_formulas import with_pictures
from tools.editions.slide_text import cut
from tools.editions.student import student_notebook

PREDICT = "> **Predict.** Which one?\n>\n> <details><summary>open</summary>B.</details>"
LONG = "word " * 70


def kinds(source, own="slide"):
    """Return the slide types and texts of a text cell's parts."""
    return [*cut(source, own)]


def typed(cell, kind):
    """Return the cell with a slide type."""
    cell.metadata["slideshow"] = {"slide_type": kind}
    return cell


def picture(source="plot()"):
    """Return a code cell with a stored picture."""
    output = v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
    return v4.new_code_cell(source, outputs=[output])


def test_what_looks_back_and_what_follows_the_question_is_said():
    parts = kinds(f"Look.\n\n## Step 2\n\nNow.\n\n{PREDICT}\n\nSo we measure.")
    assert parts == [
        ("notes", "Look."),
        ("slide", "## Step 2\n\nNow."),
        ("-", PREDICT),
        ("notes", "So we measure."),
    ]


def test_a_question_gets_its_own_slide_where_the_text_is_long():
    (text, _), (question, _) = kinds(f"## Step\n\n{LONG}{LONG[:250]}\n\n{PREDICT}")
    assert (text, question) == ("slide", "subslide")


def test_without_a_heading_the_last_paragraph_leads_to_the_question():
    parts = kinds(f"{LONG}\n\nTwo ways.\n\n{PREDICT}", "subslide")
    assert [kind for kind, _ in parts] == ["subslide", "notes", "-"]
    assert parts[0][1] == "Two ways."


def test_more_text_than_a_slide_holds_is_said():
    parts = kinds(f"## Step\n\n{LONG}\n\n{LONG}")
    assert [kind for kind, _ in parts] == ["slide", "notes"]


def test_a_blank_line_in_code_cuts_nothing():
    code = "```python\na = 1\n\n\nb = 2\n```"
    assert kinds(f"## Step\n\n{code}") == [("slide", f"## Step\n\n{code}")]


def test_an_exercise_is_shown_only_where_a_cell_is_one():
    turn = "**Your turn, 1.1** Do it."
    assert kinds(f"Look.\n\n{turn}", "notes") == [("notes", "Look."), ("skip", turn)]
    assert kinds(turn, "subslide") == [("subslide", turn)]


def test_of_a_lessons_last_cell_the_summary_is_left():
    parts = kinds("## Recall\n\nWhy?\n\n## Summary\n\n- So.\n\n## Glossary\n\nx")
    assert [kind for kind, _ in parts] == ["skip", "slide", "skip"]


def test_a_title_keeps_its_goals_and_says_its_needs():
    parts = kinds("# 01\n\nWhy?\n\n**Time:** 1 h.\n\nAfter this lesson you can\n\n- a")
    assert [kind for kind, _ in parts] == ["slide", "notes", "-"]


@pytest.fixture
def nb():
    """A tiny lesson with slide types: three slides, a figure, a prediction."""
    parameters, *rest = tiny_cells()[1:]
    cells = [
        typed(v4.new_markdown_cell("# A tiny lesson\n\nWhy?"), "slide"),
        *(typed(cell, "skip") for cell in (parameters, *rest)),
        typed(
            v4.new_markdown_cell(f"Back.\n\n## Step 1\n\nNow.\n\n{PREDICT}"), "slide"
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


def test_formulas_become_pictures_and_code_stays():
    text = with_pictures("So $a_1$ and\n\n$$\\frac{a}{b}$$\n\nbut `$x$`.")
    assert text.count("<img ") == 2
    assert 'alt="a_1"' in text
    assert "`$x$`" in text
    assert text == with_pictures("So $a_1$ and\n\n$$\\frac{a}{b}$$\n\nbut `$x$`.")


def test_a_formula_that_cannot_be_drawn_is_named():
    with pytest.raises(UserError, match=r"formula.*nosuch.*cannot be drawn"):
        with_pictures(r"$\nosuch{a}$")


def sections(file):
    """Return how many slides an exported deck has: reveal.js nests them in columns."""
    text = file.read_text(encoding="utf-8")
    columns = re.findall(r"</section>\s*</section>", text)
    return text.count("<section") - len(columns)


def test_the_exported_deck_has_what_was_counted(nb, tmp_path):
    file = tmp_path / "01_tiny.ipynb"
    nbformat.write(nb, file)
    shown = slides.export(file, tmp_path, "reveal")
    text = (tmp_path / "01_tiny.slides.html").read_text(encoding="utf-8")
    assert sections(tmp_path / "01_tiny.slides.html") == shown["slides"] == 3
    assert "drawn_here" not in text  # the picture alone
    assert "theme/white.css" in text  # others ask the network for their type
    assert "SEED" not in text
    assert '<aside class="notes">' in text
    addresses = re.findall(r'(?:src|href)="(https?:[^"]*)"', text)
    assert addresses == []


@pytest.mark.parametrize("edition", ["worked", "student"])
def test_lesson_00_exports_without_its_solutions(edition, tmp_path):
    (path,) = notebooks.choose(["00"])
    if edition == "student":
        nb = student_notebook(notebooks.read(path))
        path = tmp_path / path.name
        nbformat.write(nb, path)
    shown = slides.export(path, tmp_path, "reveal")
    file = tmp_path / "00_start_here.slides.html"
    assert sections(file) == shown["slides"]
    assert "log_softmax" not in file.read_text(encoding="utf-8")


@pytest.fixture
def small_course(nb, tmp_path, monkeypatch):
    """A course of one small lesson."""
    folder = files.make_folder(tmp_path / "notebooks")
    nbformat.write(nb, folder / "01_tiny.ipynb")
    monkeypatch.setattr(files, "BUILD", tmp_path / "build")
    monkeypatch.setattr(notebooks.lessons, "__defaults__", (folder,))
    monkeypatch.setattr(notebooks.choose, "__defaults__", (folder,))
    return tmp_path


def test_a_local_reveal_goes_along_with_the_decks(small_course, capsys):
    for name in slides.NEEDED:
        file = small_course / "reveal.js" / name
        files.make_folder(file.parent)
        file.write_text("", encoding="utf-8")
    reveal = str(small_course / "reveal.js")
    assert slides.main(Namespace(lessons=["01"], reveal=reveal)) == 0
    built = small_course / "build/slides"
    assert all((built / "reveal" / name).is_file() for name in slides.NEEDED)
    text = (built / "01_tiny.slides.html").read_text(encoding="utf-8")
    assert '"reveal/dist/reveal.js"' in text
    said = capsys.readouterr().out
    assert re.search(r"01_tiny +3 +1 +1\n", said)
    assert "needs" not in said


def test_the_address_is_named_where_showing_needs_the_network(small_course, capsys):
    arguments = parser().parse_args(["slides", "01"])
    assert slides.main(arguments) == 0
    assert "Showing them needs https://" in capsys.readouterr().out


def test_a_folder_that_is_not_reveal_is_refused(small_course):
    with pytest.raises(UserError, match=r"not reveal.js 4: it has no dist/reveal.js"):
        slides.main(Namespace(lessons=[], reveal=str(small_course)))


def test_a_cell_without_a_type_goes_on_with_its_slide():
    assert slide_type(v4.new_code_cell("1")) == "-"
