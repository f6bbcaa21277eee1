"""Maps along a text: every symbol is drawn, every row is named."""

import math

import matplotlib
import numpy as np
import pytest
import torch

from helpers.lessons.lesson03.figures import (
    KINDS,
    drawable_words,
    fading,
    gate_map,
    sampling_figure,
    unit_story,
)
from helpers.lessons.lesson03.lstm_units import GateTrace
from helpers.plots.text import drawable, strip
from helpers.plots.theme import ORDERED, SIGNED, axes, panels


def drawn(values, text, *rest, **options):
    """Return the axes with the map, after drawing it without a warning."""
    ax = axes("title", size=(2, 1))
    assert strip(ax, values, text, *rest, **options) is ax
    ax.figure.draw_without_rendering()
    return ax


def ticks(axis):
    """Return the places of an axis' ticks and what stands there."""
    places = axis.get_ticklocs().tolist()
    return dict(
        zip(places, [text.get_text() for text in axis.get_ticklabels()], strict=True)
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("aZ9.é", ["a", "Z", "9", ".", "é"]),
        (" \n\t", ["␣", "⏎", "⇥"]),
        ("a漢\x00", ["a", "□", "□"]),
        (["the", " the", "漢", "a漢"], ["the", " the", "□", "□"]),
        ("", []),
    ],
)
def test_symbols_that_cannot_be_seen_get_a_sign(text, wanted):
    assert drawable(text) == wanted


@pytest.mark.parametrize(
    "symbol", [" ", "\n", "\t", "漢", "\r", "\x00", "$", "_", "\\"]
)
def test_every_symbol_is_drawn_without_a_warning(symbol):
    drawn([[0.5]], [symbol])


def test_each_symbol_stands_below_its_column_and_each_name_beside_its_row():
    ax = drawn(np.zeros((2, 4)), "a b漢", ["unit 1", "unit 7"])
    assert ticks(ax.xaxis) == {0: "a", 1: "␣", 2: "b", 3: "□"}
    assert ticks(ax.yaxis) == {0: "unit 1", 1: "unit 7"}


def test_rows_need_no_names():
    assert ticks(drawn(np.zeros((2, 3)), "abc").yaxis) == {}


@pytest.mark.parametrize("kind", [np.array, torch.tensor, list])
def test_the_map_shows_the_values(kind):
    values = [[0.0, 0.5, 1.0], [0.25, 0.75, 0.1]]
    (image,) = drawn(kind(values), "abc").images
    assert np.asarray(image.get_array()) == pytest.approx(np.array(values))


def test_one_row_fills_the_axes():
    ax = drawn([[0.1, 0.9]], "ab", ["gate"])
    assert ax.images[0].get_array().shape == (1, 2)
    assert ax.get_aspect() == "auto"


def test_colours_go_from_0_to_1_unless_told():
    (image,) = drawn([[2.0, 3.0]], "ab").images
    assert image.get_clim() == (0, 1) and image.get_cmap().name == ORDERED
    (image,) = drawn([[2.0, 3.0]], "ab", colours=SIGNED, limits=(-4, 5)).images
    assert image.get_clim() == (-4, 5) and image.get_cmap().name == SIGNED


def test_a_label_brings_a_colour_bar():
    assert len(drawn([[0.5]], "a").figure.axes) == 1
    ax = drawn([[0.5]], "a", label="share kept")
    _, bar = ax.figure.axes
    assert bar.get_ylabel() == "share kept"
    assert ax.images[0].colorbar.ax is bar


def test_the_colour_bar_stands_beside_its_own_map():
    _, (first, second) = panels(2, 1, (2, 2))
    strip(second, [[0.5]], "a", label="share kept")
    bar = second.images[0].colorbar.ax.get_position()
    assert bar.y1 < first.get_position().y0
    assert first.get_position().width > second.get_position().width


def test_there_are_no_tick_marks_and_no_grid():
    with matplotlib.rc_context({"axes.grid": True}):
        ax = drawn([[0.5, 0.5]], "ab", ["gate"])
    for axis in (ax.xaxis, ax.yaxis):
        for tick in axis.get_major_ticks():
            assert tick.tick1line.get_markersize() == 0
            assert not tick.gridline.get_visible()


# Gates along a text


def trace_of(T=3, H=4):
    """Return a trace in which units 2, 0, 3, 1 forget least, in this order."""
    generator = torch.Generator().manual_seed(0)
    fields = [torch.rand(T, H, generator=generator) for _ in range(6)]
    fields[1] = torch.tensor([0.6, 0.2, 0.9, 0.4]).expand(T, H)
    fields[4] = 8 * fields[4] - 4
    return GateTrace(*fields)


def saved(figure):
    """Return the figure's axes, after drawing it without a warning."""
    figure.draw_without_rendering()
    return figure.axes


@pytest.mark.parametrize("show", ["input", "forget", "output"])
def test_gates_are_mapped_from_0_to_1_the_most_lasting_unit_on_top(show):
    trace = trace_of()
    ax, bar = saved(gate_map(trace, "a b", show))
    (image,) = ax.images
    wanted = getattr(trace, show).T[[2, 0, 3, 1]]
    assert np.asarray(image.get_array()) == pytest.approx(wanted.numpy())
    assert image.get_clim() == (0, 1) and image.get_cmap().name == ORDERED
    assert ticks(ax.xaxis) == {0: "a", 1: "␣", 2: "b"}
    assert bar.get_ylabel() == show


def test_cells_are_mapped_squashed_and_signed():
    trace = trace_of()
    (image,) = saved(gate_map(trace, "a b", "cell"))[0].images
    wanted = np.tanh(trace.cell.T[[2, 0, 3, 1]].numpy())
    assert np.asarray(image.get_array()) == pytest.approx(wanted)
    assert image.get_clim() == (-1, 1) and image.get_cmap().name == SIGNED


@pytest.mark.parametrize(
    ("every", "shown"), [(1, [2, 0, 3, 1]), (2, [2, 3]), (3, [2, 1]), (9, [2])]
)
def test_every_second_or_third_unit_stands_for_all(every, shown):
    trace = trace_of()
    ax, _ = saved(gate_map(trace, "a b", "input", every))
    rows = np.asarray(ax.images[0].get_array())
    assert rows == pytest.approx(trace.input.T[shown].numpy())


def test_norms_are_drawn_by_lag_in_the_colours_of_their_kinds():
    norms = {"RNN": [[0.5, 0.1, 0.01]] * 3, "LSTM 3": [[1.0, 2.0, 4.0]] * 3}
    (ax,) = saved(fading(norms))
    assert (ax.get_yscale(), ax.get_xlim()) == ("log", (1, 3))
    drawn = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert all(line.get_xdata().tolist() == [1, 2, 3] for line in drawn)
    for kind, runs in norms.items():
        colour, dash = KINDS[kind]
        found = [line for line in drawn if line.get_linestyle() == dash]
        assert found and all(line.get_color() == colour for line in found)
        assert found[0].get_ydata().tolist() == pytest.approx(runs[0])


def test_a_units_story_has_its_gates_and_its_cell():
    trace = trace_of()
    rows = saved(unit_story(trace, 3, ["how", "it", "goes"]))
    values = [trace.input, trace.forget, trace.cell.tanh()]
    names = ["input gate", "forget gate", "cell"]
    for ax, name, value, low in zip(rows, names, values, (0, 0, -1), strict=True):
        (image,) = ax.images
        assert np.asarray(image.get_array())[0] == pytest.approx(value[:, 3].numpy())
        assert image.get_clim() == (low, 1)
        assert ticks(ax.yaxis) == {0: name}
    assert ticks(rows[-1].xaxis) == {0: "how", 1: "it", 2: "goes"}
    assert "3" in rows[0].get_title(loc="left") + rows[0].get_title()


def test_words_are_drawn_with_their_line_ends():
    assert drawable_words("a bc\n漢d\n") == ["a", "bc", "⏎", "□d", "⏎"]


def test_a_text_stands_below_what_it_was_drawn_from():
    names, before, after = ["e", " ", "漢"], [0.5, 0.3, 0.2], [0.6, 0.4, 0.0]
    bars, page = saved(sampling_figure(names, before, after, "one two\nthree"))
    heights = [patch.get_height() for patch in bars.patches]
    assert heights == pytest.approx(before + after)
    assert ticks(bars.xaxis) == {0: "e", 1: "␣", 2: "□"}
    assert page.texts[0].get_text() == "one two ⏎ three"


def test_a_dollar_is_a_dollar_and_no_formula():
    strip(axes("t"), [[0.5, 0.5]], ["$$", "$x$"]).figure.canvas.draw()
    sampling_figure(["$"], [0.5], [0.5], "$^$ costs $5 or $6").canvas.draw()


def test_only_cells_are_squashed():
    trace = GateTrace(*(torch.full((2, 3), 0.5) for _ in range(6)))
    shown = {k: gate_map(trace, "ab", k).axes[0].images[0] for k in ("cell", "hidden")}
    values = {k: image.get_array().max() for k, image in shown.items()}
    assert values["hidden"] == 0.5
    assert values["cell"] == pytest.approx(math.tanh(0.5))
