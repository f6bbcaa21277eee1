"""The map and the paths, on page 00 and in the README, are those of the lessons."""

import itertools
import re

from support.lesson_facts import facts
from support.readme import README
from support.stored_lesson import load

from helpers.lessons.lesson00 import course_map
from tools.course import files, notebooks

OPENINGS = course_map.openings(files.NOTEBOOKS)
FIRST = load(notebooks.lessons()[0])
EDGES = {(need, lesson.number) for lesson in OPENINGS for need in lesson.needs}


def test_every_lesson_needs_earlier_ones_and_says_how_long_it_takes():
    for lesson in OPENINGS:
        known = {other.number for other in OPENINGS if other.number < lesson.number}
        assert set(lesson.needs) <= known, lesson.title
        assert lesson.needs or lesson.number == OPENINGS[0].number, lesson.title
        assert lesson.hours[1] > 0, lesson.title


def test_page_00_shows_the_map_of_the_lessons_as_they_are():
    drawn = [
        output.metadata[kind]["alt"]
        for cell, output, kind in FIRST.figures
        if "course_map.draw" in cell.source
    ]
    assert drawn == [course_map.in_words(OPENINGS)], "needed: make store LESSONS=00"


def test_the_eight_hours_name_steps_that_are_there_and_not_optional():
    text = "\n".join(cell.source for cell in FIRST.prose)
    named = dict(re.findall(r"^- (\d\d): steps? ([^.]+)\.", text, re.MULTILINE))
    assert list(named) == [lesson.number for lesson in OPENINGS[1:]]
    for number, steps in named.items():
        whole = re.sub(r"(\d+) to (\d+)", span, steps)
        needed = set(map(int, re.findall(r"\d+", whole)))
        headings = "\n".join(facts()[number].headings)
        there = set(map(int, re.findall(r"^Step (\d+)\.", headings, re.MULTILINE)))
        assert needed and needed <= there, number


def span(match: re.Match) -> str:
    """Return "1, 2, 3" for "1 to 3"."""
    return ", ".join(map(str, range(int(match[1]), int(match[2]) + 1)))


def test_a_span_of_steps_is_counted_out():
    assert re.sub(r"(\d+) to (\d+)", span, "1 to 3, and 12") == "1, 2, 3, and 12"


def test_the_readme_draws_the_same_map():
    drawn = README.partition("```mermaid")[2].partition("```")[0]
    chains = [re.findall(r"\b(\d\d)\b", line) for line in drawn.splitlines()]
    edges = {pair for chain in chains for pair in itertools.pairwise(chain)}
    assert edges == EDGES


def test_the_readmes_paths_are_those_of_page_00():
    for name, end in (("Vision", "06"), ("Language", "05")):
        way = course_map.way_to(end, OPENINGS)
        numbers = ", ".join(lesson.number for lesson in way)
        hours = course_map.hours_of(way)
        assert f"| **{name}** | {numbers} | {hours} |" in README
