"""Diagrams of the blocks: what each shows, and that nothing lies on anything else."""

from itertools import combinations

import pytest
from matplotlib.patches import FancyBboxPatch

from helpers.lessons.lesson02 import diagrams
from helpers.lessons.lesson02.diagrams import draw_blocks

pytestmark = pytest.mark.usefixtures("theme")

PAIRS = {
    "residual": (diagrams.PLAIN, diagrams.RESIDUAL),
    "projection": (diagrams.IDENTITY, diagrams.PROJECTION),
    "bottleneck": (diagrams.WIDE, diagrams.BOTTLENECK),
}


def words(ax):
    """Return the texts of a drawing."""
    return [text.get_text() for text in ax.texts]


def test_the_plain_block_has_no_sum_and_the_residual_one_has():
    assert "+" not in words(draw_blocks(diagrams.PLAIN))
    assert words(draw_blocks(diagrams.RESIDUAL)).count("+") == 1


def test_the_projection_stands_on_the_shortcut_with_the_stride_of_the_branch():
    texts = words(draw_blocks(diagrams.PROJECTION))
    assert sum("1 × 1" in text for text in texts) == 1
    assert sum("stride 2" in text for text in texts) == 2


def test_a_bottleneck_narrows_convolves_and_widens():
    first, second, third = diagrams.BOTTLENECK[1]
    assert "256 → 64" in first and "64 → 64" in second and "64 → 256" in third


@pytest.mark.parametrize("blocks", PAIRS.values(), ids=PAIRS)
def test_boxes_lie_inside_and_on_no_other_and_hold_their_text(blocks):
    ax = draw_blocks(*blocks)
    ax.figure.draw_without_rendering()
    boxes = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
    places = [shape.get_window_extent() for shape in boxes]
    page = ax.get_window_extent()
    assert all(page.x0 <= p.x0 and p.x1 <= page.x1 and page.y0 <= p.y0 for p in places)
    assert not any(one.overlaps(two) for one, two in combinations(places, 2))
    for text in ax.texts:
        at = text.get_window_extent()
        inside = [p for p in places if p.overlaps(at)]
        assert all(p.x0 <= at.x0 and at.x1 <= p.x1 for p in inside), text.get_text()


@pytest.mark.parametrize("blocks", PAIRS.values(), ids=PAIRS)
def test_no_text_lies_on_another(blocks):
    ax = draw_blocks(*blocks)
    ax.figure.draw_without_rendering()
    seen = [t.get_window_extent() for t in ax.texts if t.get_text()]
    assert not any(one.overlaps(two) for one, two in combinations(seen, 2))
