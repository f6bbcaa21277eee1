"""The frame stands around the pixels it names; the map leaves zeros white; drawings
show what the rule says."""

import pytest
import torch

from helpers.lessons.lesson01 import figures
from helpers.models.vision.cnn import receptive_field
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


def test_pixels_without_gradient_are_left_out_and_signs_do_not_matter(ax):
    gradient = torch.tensor([[0.0, 1e-3], [-1.0, 1e-12]])
    share = figures.field_map(ax, gradient, 0, 1).get_array()
    assert share.mask.tolist() == [[True, False], [False, False]]
    assert share[1, 0] == 1
    assert share[0, 1] == pytest.approx(1e-3)
    assert share[1, 1] == figures.FAINTEST


def test_a_map_without_any_gradient_is_drawn(ax):
    assert figures.field_map(ax, torch.zeros(4, 4), 0, 3).get_array().mask.all()


@pytest.mark.parametrize(
    "layers", [[(3, 1)] * 2, [(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)], [(5, 3), (2, 1)]]
)
def test_the_drawn_field_is_the_rules(layers):
    seen = figures.units_seen(layers)
    assert seen[0] == receptive_field(layers).size
    assert seen[-1] == 1
    (ax,) = figures.field_growth(layers, ["layer"] * len(layers)).axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in dots] == seen
    assert ax.texts[0].get_text().endswith(f"sees {seen[0]} pixels")


def test_neighbouring_windows_stand_a_stride_apart():
    (ax,) = figures.sliding_window(7, 3, 2).axes
    wide = [p for p in ax.patches if p.get_width() == pytest.approx(3 * figures.CELL)]
    assert len(wide) == 2
    apart = wide[1].get_x() - wide[0].get_x()
    assert apart == pytest.approx(2 * figures.CELL)


def test_kernels_share_one_scale_that_is_centred_at_zero():
    before, after = torch.full((4, 3, 3), 0.1), torch.full((4, 3, 3), -0.5)
    letter, maps = torch.rand(8, 8), torch.rand(4, 8, 8)
    figure = figures.kernels_and_maps(before, after, letter, maps)
    scales = {ax.images[0].get_clim() for ax in figure.axes if has_kernel(ax)}
    assert scales == {(-0.5, 0.5)}


def has_kernel(ax):
    """Return whether a picture of 3 × 3 is drawn on the axes."""
    return bool(ax.images) and ax.images[0].get_array().shape == (3, 3)


def test_chance_stands_where_it_is(ax):
    figures.chance(ax, 10)
    assert list(ax.lines[0].get_xdata()) == [10, 10]
    figures.chance_level(ax, 20)
    assert list(ax.lines[1].get_ydata()) == [20, 20]
    assert [text.get_text() for text in ax.texts] == ["chance 10", "chance 20"]


@pytest.mark.parametrize("size", [5, 90])
def test_field_and_picture_share_their_middle(size):
    figure = figures.field_over(torch.rand(48, 48), torch.rand(size, size), 2.0)
    ax = figure.axes[0]
    middles = [(im.get_extent()[0] + im.get_extent()[1]) / 2 for im in ax.images]
    assert middles[0] == middles[1]
    assert ax.get_title() == f"sees {size} pixels, uses about 8"
    assert ax.get_xlim()[1] - ax.get_xlim()[0] >= size
