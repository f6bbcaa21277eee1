"""Diagrams: coordinates are inches, boxes hold their text, arrows end at their tip."""

import pytest

from helpers.plots.diagrams import arrow, box, canvas

pytestmark = pytest.mark.usefixtures("theme")


def test_a_unit_is_an_inch_and_a_title_has_room_of_its_own():
    ax = canvas(4, 2, "Two paths")
    figure = ax.figure
    figure.draw_without_rendering()
    (x, y), (u, v) = ax.transData.transform([(0, 0), (1, 1)])
    assert (u - x, v - y) == pytest.approx((figure.dpi, figure.dpi))
    assert figure.get_size_inches() == pytest.approx((4, 2.35))
    title = ax.texts[0].get_window_extent()
    assert title.y0 >= ax.get_window_extent().y1
    assert title.y1 <= figure.bbox.y1


def test_a_box_stands_around_its_middle_and_its_text_inside():
    ax = canvas(4, 2)
    shape = box(ax, (1, 1.5), "3 × 3 conv")
    ax.figure.draw_without_rendering()
    outside, text = shape.get_window_extent(), ax.texts[-1].get_window_extent()
    middle = ax.transData.transform((1, 1.5))
    assert ((outside.x0 + outside.x1) / 2, (outside.y0 + outside.y1) / 2) == (
        pytest.approx(middle, abs=0.5)
    )
    assert outside.x0 < text.x0 < text.x1 < outside.x1
    assert outside.y0 < text.y0 < text.y1 < outside.y1


def test_an_arrow_goes_through_its_points_and_its_tip_is_the_last():
    ax = canvas(4, 2)
    arrow(ax, (0, 0), (0, 1.5), (3, 1.5), (3, 1), text="shortcut")
    (line,), (tip, text) = ax.lines, ax.texts
    assert line.get_xydata().tolist() == [[0, 0], [0, 1.5], [3, 1.5]]
    assert tip.xy == (3, 1)
    assert text.get_text() == "shortcut"
    assert text.get_position() == pytest.approx((1.5, 1.55))


def test_beside_an_upright_arrow_the_text_stands_right():
    ax = canvas(4, 2)
    arrow(ax, (1, 0), (1, 1), text="up")
    assert ax.texts[-1].get_position() == pytest.approx((1.07, 0.5))


def test_one_point_is_no_arrow():
    with pytest.raises(ValueError, match="two points or more, got 1"):
        arrow(canvas(4, 2), (0, 0))
