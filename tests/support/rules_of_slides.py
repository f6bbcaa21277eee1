"""Rules for the deck of a lesson: what a class sees, and in which order.

Each rule takes a lesson and returns the faults it finds, as lines.
"""

import ast
from collections.abc import Iterator

from nbformat import NotebookNode
from support.stored_lesson import Lesson, name

from helpers.core.errors import UserError
from tools.course import notebooks
from tools.editions.slide_deck import (
    NEW,
    asks,
    counts,
    deck,
    has_figure,
    is_shown,
    lines_of,
    slide_type,
)
from tools.editions.slide_formulas import to_html
from tools.editions.slide_text import words

TYPES = (*NEW, "fragment", "-", "skip", "notes")
SUMMARY = "## Summary"


def slides(lesson: Lesson) -> Iterator[list[NotebookNode]]:
    """Yield the shown cells of each slide."""
    slide: list[NotebookNode] = []
    for cell in filter(is_shown, deck(lesson.nb).cells):
        if slide_type(cell) in NEW and slide:
            yield slide
            slide = []
        slide.append(cell)
    yield slide


def has_a_type_for_each_cell(lesson: Lesson) -> list[str]:
    """Every cell says what it is in the deck; without it, it would be shown."""
    found = [(cell, cell.metadata.get("slideshow", {})) for cell in lesson.nb.cells]
    return [
        f"{name(cell)} has the slide type {own.get('slide_type')!r}; one of {TYPES}"
        for cell, own in found
        if own.get("slide_type") not in TYPES
    ]


def has_20_to_28_slides(lesson: Lesson) -> list[str]:
    """About 25 slides, 8 to 16 in a short lesson; optional steps add at most 12."""
    low, high = (8, 16) if lesson.short else (20, 28)
    shown = deck(lesson.nb)
    every = counts(shown)["slides"]
    shown.cells = [cell for cell in shown.cells if cell.id not in lesson.optional]
    count = counts(shown)["slides"]
    more = every - count
    faults = [] if low <= count <= high else [f"{count} slides; {low} to {high} needed"]
    return faults + [f"{more} optional slides; at most 12 needed"] * (more > 12)


def opens_with_its_title(lesson: Lesson) -> list[str]:
    """The first slide is the lesson's title."""
    first = lesson.nb.cells[0]
    good = slide_type(first) == "slide" and first.source.startswith("# ")
    return [] if good else [f"{name(first)} is first; the title as a slide is needed"]


def shows_every_prediction_and_figure(lesson: Lesson) -> list[str]:
    """Nothing that a class predicts or sees is left out."""
    wanted = [cell for cell in lesson.nb.cells if asks(cell) or has_figure(cell)]
    return [f"{name(cell)} is not shown" for cell in wanted if not is_shown(cell)]


def hides_answers_until_asked(lesson: Lesson) -> list[str]:
    """What stands below a prediction on its slide appears later: a fragment; and the
    written answer is folded."""
    found = []
    for slide in slides(lesson):
        asked = False
        for cell in slide:
            if asked and cell.get("outputs") and slide_type(cell) != "fragment":
                found.append(f"{name(cell)} answers at once; a fragment is needed")
            asked = asked or asks(cell)
        found += [
            f"{name(cell)} shows an open answer"
            for cell in slide
            if "<details open" in cell.source
        ]
    return found


def shows_no_machinery(lesson: Lesson) -> list[str]:
    """No parameters, no imports alone, no solutions, nothing of the worked edition."""
    return [
        f"{name(cell)} is shown; it is machinery or a solution"
        for cell in filter(is_shown, lesson.code)
        if {"parameters", "worked-only"} & set(notebooks.tags(cell))
        or "nbgrader" in cell.metadata
        or only_imports(cell.source)
    ]


def only_imports(source: str) -> bool:
    """Return whether code imports and does nothing else."""
    return all(
        isinstance(s, ast.Import | ast.ImportFrom) for s in ast.parse(source).body
    )


def can_be_read_from_the_last_row(lesson: Lesson) -> list[str]:
    """At most 150 words on a slide (220 in the summary), at most 14 lines of code."""
    found = []
    for number, slide in enumerate(slides(lesson), start=1):
        texts = [cell.source for cell in slide if cell.cell_type == "markdown"]
        limit = 220 if any(text.startswith(SUMMARY) for text in texts) else 150
        if (count := sum(map(words, texts))) > limit:
            found.append(f"slide {number} has {count} words; {limit} at most")
        code = [cell for cell in slide if cell.cell_type == "code"]
        count = sum(lines_of(c) for c in code if "jupyter" not in c.metadata)
        if count > 14:
            found.append(f"slide {number} has {count} lines of code; 14 at most")
    return found


def has_formulas_that_become_mathml(lesson: Lesson) -> list[str]:
    """Every formula of a deck can be converted, and none is left as TeX."""
    found = []
    for cell in lesson.prose:
        wanted = len(notebooks.formulas(cell.source))
        try:
            count = to_html(cell.source, cell).count("<math")
        except UserError as error:
            found.append(str(error))
            continue
        if count != wanted:
            found.append(f"{name(cell)}: {count} of {wanted} formulas are MathML")
    return found


EVERY = (
    has_a_type_for_each_cell,
    has_20_to_28_slides,
    opens_with_its_title,
    shows_every_prediction_and_figure,
    hides_answers_until_asked,
    shows_no_machinery,
    can_be_read_from_the_last_row,
    has_formulas_that_become_mathml,
)
