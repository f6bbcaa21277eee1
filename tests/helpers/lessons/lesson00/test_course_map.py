"""The map of the course: read from openings, drawn without arrows on one another."""

import json

import pytest

from helpers.lessons.lesson00 import course_map
from helpers.lessons.lesson00.course_map import Opening, arrows, hours, opening, way_to

TEXT = (
    "# 06 · Transfer\n\n**Time:** about 2½ minutes of computing, three to four hours "
    "of study. **Needs:** [02 A](02_a.ipynb) and [05 B](05_b.ipynb). Lesson 01 helps, "
    "[here](01_x.ipynb). **You will build:** [no](03_need.ipynb)."
)


def test_an_opening_says_what_a_lesson_needs_and_how_long_it_takes():
    assert opening(TEXT) == Opening("06 · Transfer", ("02", "05"), (3.0, 4.0))
    assert opening("# 00 · Start\n\n**Needs:** nothing. **Time**") == Opening(
        "00 · Start", (), (0.0, 0.0)
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("about three hours of study, and one more for steps 9", (3, 3)),
        ("3 to 4 hours of study", (3, 4)),
        ("about 45 minutes of study", (0.75, 0.75)),
        ("no such line", (0, 0)),
    ],
)
def test_study_times_are_read(text, found):
    assert hours(text) == found


def lesson(number, *needs, hours=(3.0, 3.0)):
    return Opening(f"{number} · Title", needs, hours)


TWO_STRANDS = [
    lesson("00", hours=(0.5, 0.5)),
    lesson("01", "00"),
    lesson("02", "01"),
    lesson("03", "00", hours=(3.0, 4.0)),
    lesson("04", "03", "02"),
]


def test_the_way_to_a_lesson_is_all_that_it_rests_on():
    numbers = [w.number for w in way_to("03", TWO_STRANDS)]
    assert numbers == ["00", "03"]
    assert [w.number for w in way_to("04", TWO_STRANDS)] == [
        "00",
        "01",
        "02",
        "03",
        "04",
    ]
    assert way_to("07", TWO_STRANDS) == []
    assert [w.number for w in way_to("02", TWO_STRANDS[1:])] == ["01", "02"]


def test_hours_add_up():
    assert course_map.hours_of(way_to("02", TWO_STRANDS)) == "6 hours"
    assert course_map.hours_of(TWO_STRANDS[2:4]) == "6 to 7 hours"
    assert course_map.hours_of([]) == "0 hours"


def test_arrows_that_overlap_have_lanes_of_their_own():
    found = arrows(TWO_STRANDS)
    assert sorted(found) == [(0, 1, 0), (0, 3, 2), (1, 2, 0), (2, 4, 1), (3, 4, 0)]


def test_the_map_has_a_box_and_a_time_for_each_lesson(theme):
    figure = course_map.draw(TWO_STRANDS)
    (ax,) = figure.axes
    said = [text.get_text() for text in ax.texts]
    assert {lesson.title for lesson in TWO_STRANDS} <= set(said)
    assert "3 to 4 hours" in said and "30 minutes" in said
    figure.draw_without_rendering()
    assert all(t.get_window_extent().x1 <= figure.bbox.x1 for t in ax.texts)


def test_the_map_in_words():
    assert course_map.in_words(TWO_STRANDS[:2] + TWO_STRANDS[4:]) == (
        "Map of the lessons. 00 needs nothing. 01 needs 00. 04 needs 03 and 02."
    )


def test_a_learners_own_folder_is_read_and_a_newer_edition_beside_it_is_not(tmp_path):
    for name, text in (("06_t", TEXT), ("06_t.new-1a2b", "# 99 · Other")):
        nb = {"cells": [{"cell_type": "markdown", "source": text.splitlines(True)}]}
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(nb), encoding="utf-8")
    assert course_map.openings(tmp_path) == [opening(TEXT)]
