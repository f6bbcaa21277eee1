"""The README's numbers are those that the stored lessons have measured."""

import re

import pytest
from support.lesson_facts import facts
from support.readme import README, cited, faults, rows

from tools.course import notebooks

LESSONS = notebooks.lessons()


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_lesson_has_a_row_with_the_numbers_it_measured(path):
    assert path.stem in rows(README), f"the README's table has no row for {path.stem}"
    claims = notebooks.claims(notebooks.read(path))
    measured = {claim["id"]: claim["measured"] for claim in claims}
    assert faults(rows(README)[path.stem], measured) == []


def test_every_row_leads_to_a_lesson():
    assert set(rows(README)) <= {path.stem for path in LESSONS}


def unexplained(text: str, own: dict[str, set[str]]) -> list[str]:
    """Return the parameters of lessons {number: names} that have no row in a text."""
    return [
        f"README.md has no row for {name} of lesson {number}"
        for number, names in own.items()
        for name in sorted(names)
        if not re.search(rf"^\| `{name} = .*\| lessons? .*\b{number}\b", text, re.M)
    ]


def test_every_parameter_of_a_lessons_own_is_explained():
    own = {number: lesson.own for number, lesson in facts().items()}
    assert any(own.values())
    assert unexplained(README, own) == []


def test_a_parameter_without_a_row_is_seen():
    text = "| `A = 1` | lessons 03 and 10: a number |\n| `B = 2` | lesson 03: b |\n"
    assert unexplained(text, {"03": {"A", "B"}, "10": {"A"}}) == []
    (fault,) = unexplained(text, {"10": {"A", "B"}})
    assert fault == "README.md has no row for B of lesson 10"


EXAMPLE = "| [01 A](notebooks/01_a.ipynb) | x | n is **0.497** points (claim 1.4) | 2 |"


def test_a_row_is_read():
    assert rows(f"| lesson |\n|---|\n{EXAMPLE}\n") == {"01_a": EXAMPLE}
    assert cited(EXAMPLE) == {"1.4": "0.497"}


@pytest.mark.parametrize(
    ("row", "measured", "fault"),
    [
        (EXAMPLE, {"1.4": "0.5"}, "'0.497' in the README, '0.5' in the lesson"),
        (EXAMPLE, {"1.5": "0.497"}, "None in the lesson"),
        (EXAMPLE.replace("**", ""), {"1.4": "0.497"}, "without a **value**"),
        ("| [01 A](notebooks/01_a.ipynb) |", {"1.4": "0.5"}, "cites none"),
    ],
)
def test_a_difference_is_seen(row, measured, fault):
    assert fault in "\n".join(faults(row, measured))


def test_an_equal_number_is_no_fault():
    assert faults(EXAMPLE, {"1.4": "0.497", "1.5": "2"}) == []
