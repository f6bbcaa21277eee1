"""The frame stands around the pixels it names; the map keeps zeros dark."""

import pytest
import torch

from helpers.lessons.lesson01 import figures
from helpers.plots import theme


@pytest.fixture
def ax():
    _, (ax,) = theme.panels(1, 1, size=(2, 2))
    return ax


def test_the_frame_encloses_whole_pixels(ax):
    figures.frame(ax, 3, 7)
    (square,) = ax.patches
    assert square.get_xy() == (2.5, 2.5)
    assert square.get_width() == square.get_height() == 5


def test_pixels_without_gradient_are_darkest_and_signs_do_not_matter(ax):
    gradient = torch.tensor([[0.0, 1e-3], [-1.0, 1e-12]])
    figures.field_map(ax, gradient, 0, 1)
    shade = ax.images[0].get_array()
    assert shade[0, 0] == 0 and shade[1, 0] == pytest.approx(1.0)
    assert 0 < shade[1, 1] < shade[0, 1] < 1


def test_a_map_without_any_gradient_is_drawn(ax):
    figures.field_map(ax, torch.zeros(4, 4), 0, 3)
    assert ax.images[0].get_array().max() == 0


@pytest.mark.parametrize("size", [5, 90])
def test_field_and_picture_share_their_middle(size):
    figure = figures.field_over(torch.rand(48, 48), torch.rand(size, size), 2.0)
    ax = figure.axes[0]
    middles = [(im.get_extent()[0] + im.get_extent()[1]) / 2 for im in ax.images]
    assert middles[0] == middles[1]
    assert ax.get_title() == f"sees {size} pixels, uses about 8"
    assert ax.get_xlim()[1] - ax.get_xlim()[0] >= size
