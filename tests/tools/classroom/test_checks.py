"""A check cell asks for verdicts; whatever else is in it is code as any other."""

import pytest

from tools.classroom.checks import Check, parted
from tools.course import notebooks
from tools.editions.teacher import source_notebook

TWO = 'check("1.2", same_padding)\nfrom helpers.page.exercises import check\n\n'


@pytest.mark.parametrize(
    ("source", "checks", "rest"),
    [
        ('check("1.2", a)', [Check("1.2", "a")], ""),
        (TWO + 'check("1.2", same_padding, hidden=7)',
         [Check("1.2", "same_padding", 7)], ""),
        ('check("1.2", a, hidden=7)\ncheck("1.2", a)', [Check("1.2", "a", 7)], ""),
        ('check("1.2", a)\ncheck("1.3", b(1))',
         [Check("1.2", "a"), Check("1.3", "b(1)")], ""),
        ('assert a(1) == 2  # mine\ncheck("1.2", a)', [Check("1.2", "a")],
         "assert a(1) == 2"),
        ('check("1.2", a, graded=False)', [], "check('1.2', a, graded=False)"),
        ("check(id, a)", [], "check(id, a)"),
        ('mine.check("1.2", a)', [], "mine.check('1.2', a)"),
        ("from mine import check", [], "from mine import check"),
        ('%time check("1.2", a)', [], '%time check("1.2", a)'),
        ("1 + 1", [], "1 + 1"),
        ("", [], ""),
    ],
)  # fmt: skip
def test_checks_are_told_from_the_rest(source, checks, rest):
    assert parted(source) == (checks, rest)


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.stem[:2])
def test_the_check_cells_of_the_lessons_hold_nothing_else(path):
    nb = source_notebook(notebooks.read(path), 48213)
    cells = notebooks.exercises(nb)
    assert cells
    for cell in cells:
        ((check,), rest) = parted(cell.source)
        assert rest == ""
        assert check.hidden == (48213 if "hidden=" in cell.source else None)
