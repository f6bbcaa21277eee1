"""Marks: the line stands where it should, and its name beside it."""

import pytest

from helpers.lessons.lesson02.figures import mark_level, mark_place
from helpers.plots import theme

pytestmark = pytest.mark.usefixtures("theme")


def drawn(mark, *place):
    """Return the axes, the mark's line and the place of its text, in pixels."""
    ax = theme.axes("title")
    ax.set(xlim=(0, 10), ylim=(0, 3))
    mark(ax, *place)
    ax.figure.draw_without_rendering()
    return ax, ax.lines[0], ax.texts[0].get_window_extent()


def test_a_level_runs_from_end_to_end_below_its_name():
    ax, line, text = drawn(mark_level, 2.3, "guessing", 1, (0, 9))
    x, y = ax.transData.transform((1, 2.3))
    assert list(line.get_xdata()) == [0, 9]
    assert list(line.get_ydata()) == [2.3, 2.3]
    assert text.y0 > y and text.x0 == pytest.approx(x, abs=2)


def test_a_place_runs_upwards_right_of_its_name():
    ax, line, text = drawn(mark_place, 7, "longest step", 1)
    x, y = ax.transData.transform((7, 1))
    assert list(line.get_xdata()) == [7, 7]
    assert text.x1 < x and text.y0 < y < text.y1
