"""Figures: one look, a description each, the same bytes twice."""

import struct

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from helpers.plots import theme as plotting
from helpers.plots.theme import (
    as_image,
    as_picture,
    axes,
    curves,
    picture_grid,
    use_theme,
)


@pytest.fixture(autouse=True)
def theme():
    """Use the theme for one test and leave no figure open."""
    with plt.rc_context():
        use_theme()
        yield
    plt.close("all")


def draw():
    """Return a figure with three runs of a curve."""
    ax = axes("loss falls", "step", "loss (nats)")
    curves(ax, [0, 1, 2], [[3, 1, 0], [3, 2, 1], [3, 3, 2]], "ours")
    return ax.figure


def test_a_figure_is_a_png_of_the_agreed_size_with_its_description():
    image = as_picture(draw(), "Loss falls.")
    assert struct.unpack(">II", image.data[16:24]) == (
        660,
        374,
    )  # 6.0 x 3.4 in, 110 dpi
    assert image.alt == "Loss falls."
    assert image._repr_mimebundle_()[1]["image/png"]["alt"] == "Loss falls."
    assert not plt.get_fignums()


def test_a_figure_has_the_same_bytes_twice():
    assert as_picture(draw(), "a").data == as_picture(draw(), "b").data


READERS_OWN = {
    "image.origin": "lower",
    "axes.facecolor": "black",
    "figure.facecolor": "black",
    "lines.marker": "o",
    "savefig.bbox": "tight",
    "xtick.direction": "in",
}


def test_what_a_reader_has_set_changes_no_figure_and_the_backend_stays():
    """In a Jupyter that is not the course's, matplotlib has read the reader's file."""
    pagoda = picture_grid([np.arange(12.0).reshape(3, 4)], ["a picture"])
    printed = as_picture(pagoda, "a").data, as_picture(draw(), "b").data
    backend = plt.get_backend()
    with plt.rc_context(READERS_OWN):
        plt.switch_backend("svg")
        try:
            use_theme()
            assert plt.get_backend() == "svg"
        finally:
            plt.switch_backend(backend)
        assert plt.rcParams["image.origin"] == "upper"
        pagoda = picture_grid([np.arange(12.0).reshape(3, 4)], ["a picture"])
        assert printed == (as_picture(pagoda, "a").data, as_picture(draw(), "b").data)


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_a_description_is_refused(alt):
    with pytest.raises(ValueError, match="needs a description"):
        as_picture(draw(), alt)


def test_show_displays_once(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    plotting.show(draw(), "Loss falls.")
    assert [image.alt for image in shown] == ["Loss falls."]


def test_curves_draw_each_seed_thin_and_the_mean_thick():
    ax = draw().axes[0]
    *seeds, mean = ax.lines
    assert [list(line.get_ydata()) for line in seeds] == [
        [3, 1, 0],
        [3, 2, 1],
        [3, 3, 2],
    ]
    assert list(mean.get_ydata()) == [3, 2, 1]
    assert all(line.get_linewidth() < mean.get_linewidth() for line in seeds)
    (label,) = ax.texts
    assert (label.get_text(), label.xy) == ("ours", (2, 1))


def test_one_run_is_one_line():
    assert len(curves(axes("t"), [0, 1], [[1, 2]], "ours").lines) == 1


def contrast_on_white(colour):
    """Return the contrast ratio of WCAG 2 against white."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, (channels + 0.055) / 1.055)
    linear = np.where(channels <= 0.04045, linear, linear**2.4)
    return 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05)


def test_lines_can_be_seen_on_white_and_told_apart_without_colour():
    styles = list(plt.rcParams["axes.prop_cycle"])
    assert all(contrast_on_white(style["color"]) >= 3 for style in styles)
    assert len({str(style["linestyle"]) for style in styles}) == len(styles)


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [
        ((4, 5), (4, 5)),
        ((1, 4, 5), (4, 5)),
        ((3, 4, 5), (4, 5, 3)),
        ((4, 5, 3), (4, 5, 3)),
    ],
)
def test_as_image_puts_channels_last(shape, drawn):
    picture = torch.arange(float(np.prod(shape)), requires_grad=True).reshape(shape)
    image = as_image(picture)
    assert image.shape == drawn
    assert image.flat[0] == 0
    if shape[0] == 3:
        assert list(image[0, 0]) == [0, 20, 40]


@pytest.mark.parametrize(
    ("number", "rows", "columns"), [(3, 1, 3), (8, 2, 4), (9, 3, 4)]
)
def test_picture_grid_draws_every_picture(number, rows, columns):
    titles = [str(i) for i in range(number)]
    figure = picture_grid(torch.rand(number, 1, 6, 6), titles, columns=4, title="all")
    drawn = [ax for ax in figure.axes if ax.images]
    assert len(figure.axes) == rows * columns
    assert [ax.get_title() for ax in drawn] == titles
    assert not any(ax.axison for ax in figure.axes)
    as_picture(figure, "Pictures.")


def test_a_photograph_is_a_jpeg_with_its_description():
    noise = torch.rand(3, 9, 9, generator=torch.Generator().manual_seed(0))
    twice = [as_picture(picture_grid([noise]), "A wall.", photo=True) for _ in "ab"]
    data, metadata = twice[0]._repr_mimebundle_()
    assert twice[0].data[:3] == b"\xff\xd8\xff"
    assert list(data) == ["image/jpeg"]
    assert metadata["image/jpeg"]["alt"] == "A wall."
    assert twice[0].data == twice[1].data


def test_a_row_of_dots_holds_every_seed_at_its_row():
    rows = {"a": {"x": [1.0, 2.0], "y": [3.0]}, "b": {"y": [4.0]}}
    ax = plotting.dot_rows(rows, "Dots.", "per cent")
    drawn = [line.get_xdata().tolist() for line in ax.lines if len(line.get_xdata())]
    assert drawn == [[1.0, 2.0], [3.0], [4.0]]
    heights = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata())]
    assert [round(height) for height in heights] == [0, 0, 1]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert [t.get_text() for t in ax.figure.legends[0].get_texts()] == ["x", "y"]


def test_named_points_are_written_where_they_are_in_one_colour_a_name():
    ax = plotting.axes("Points.")
    plotting.named_points(ax, torch.tensor([[0.0, 1], [2, 3], [4, 5]]), ["a", "b", "a"])
    assert [t.get_position() for t in ax.texts] == [(0, 1), (2, 3), (4, 5)]
    first, second, third = (t.get_color() for t in ax.texts)
    assert first == third != second


def test_logarithmic_axes_have_plain_ticks():
    ax = plotting.log_axes(plotting.axes("Log."), (2, 4, 8), (1, 10))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2", "4", "8"]


def test_a_photograph_is_stored_as_jpeg():
    ax = plotting.axes("Photo.")
    ax.imshow(torch.rand(8, 8).numpy())
    data = plotting.as_picture(ax.figure, "Noise.", photo=True).data
    assert data[:3] == b"\xff\xd8\xff"


def test_no_figure_is_on_pyplots_list_unless_a_reader_put_it_there():
    rows = {"a": {"x": [1.0]}}
    plotting.dot_rows(rows, "Dots.", "per cent")
    plotting.picture_grid([torch.rand(4, 4)] * 3)
    plotting.panels(1, 2, size=(4, 2))
    assert not plt.get_fignums()  # Jupyter would redraw it while another thread draws
    figure, _ = plt.subplots()
    as_picture(figure, "A reader's own.")
    assert not plt.get_fignums()


def test_three_looks_are_told_apart_by_colour_and_by_dash():
    colours, dashes = zip(*plotting.LOOKS, strict=True)
    assert len(set(colours)) == len(set(dashes)) == 3
    assert all(contrast_on_white(colour) >= 3 for colour in colours)
