"""Maps of attention: weights where they belong, ticks that never touch."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from helpers.plots.attention_maps import attention_map, attention_row, head_overview
from helpers.plots.theme import ORANGE, ORDERED

pytestmark = pytest.mark.usefixtures("theme")


def drawn(figure):
    """Return the figure's axes, the colour bar last, after drawing it silently."""
    figure.draw_without_rendering()
    return figure.axes


def shown(axis):
    """Return the names of an axis' ticks by their places."""
    labels = [label.get_text() for label in axis.get_ticklabels()]
    return dict(zip(axis.get_ticklocs().tolist(), labels, strict=True))


def weights_of(n_queries, n_keys):
    return torch.rand(n_queries, n_keys, generator=torch.Generator().manual_seed(0))


def boxes(axis):
    """Return where an axis' visible ticks stand on the page, as extents."""
    return [t.get_window_extent() for t in axis.get_ticklabels() if t.get_text()]


def test_queries_are_rows_and_keys_are_columns():
    weights = [[0.9, 0.1], [0.5, 0.5], [0.0, 1.0]]
    ax, bar = drawn(attention_map(weights, ["k1", "k2"], ["q1", "q2", "q3"], "T"))
    (image,) = ax.images
    assert np.asarray(image.get_array()) == pytest.approx(np.array(weights))
    assert shown(ax.xaxis) == {0: "k1", 1: "k2"}
    assert shown(ax.yaxis) == {0: "q1", 1: "q2", 2: "q3"}
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == (
        "key",
        "query",
        "T",
    )
    assert bar.get_ylabel() == "attention weight"
    assert image.get_clim() == (0, 1) and image.get_cmap().name == ORDERED
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first query is on top


def test_one_list_of_tokens_names_both_axes():
    ax, _ = drawn(attention_map(weights_of(2, 2), ["a", "b"]))
    assert shown(ax.xaxis) == shown(ax.yaxis) == {0: "a", 1: "b"}


def test_colours_can_end_earlier():
    ax, bar = drawn(attention_map(weights_of(2, 2), ["a", "b"], top=0.3))
    assert ax.images[0].get_clim() == (0, 0.3)
    assert ax.images[0].colorbar.extend == "max"
    assert bar.get_ylabel() == "attention weight"


@pytest.mark.parametrize("shape", [(3, 2), (2, 2, 2), (4,)])
def test_weights_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"weights are .* tokens 2, 3"):
        attention_map(torch.zeros(shape), ["a", "b", "c"], ["x", "y"])


def test_weights_in_training_can_be_drawn():
    ax, _ = drawn(attention_map(weights_of(2, 2).requires_grad_(), ["a", "b"]))
    assert ax.images[0].get_array().shape == (2, 2)


def test_odd_tokens_are_drawn():
    tokens = ["漢字", "$\\no$", "_", "antidisestablishmentarianism", "", "\\"]
    ax, _ = drawn(attention_map(weights_of(6, 6), tokens))
    assert list(shown(ax.xaxis).values()) == [
        "□",
        "$\\no$",
        "_",
        "antidisestabl…",
        "",
        "\\",
    ]


@pytest.mark.parametrize(
    ("n_keys", "n_queries", "n_maps"),
    [
        *[(1, 1, 1), (3, 3, 1), (15, 15, 1), (30, 30, 1), (128, 128, 1)],
        *[
            (6, 60, 1),
            (6, 14, 1),
            (20, 4, 1),
            (4, 4, 2),
            (15, 15, 3),
            (15, 15, 6),
            (107, 107, 2),
        ],
    ],
)
def test_ticks_are_readable_and_never_touch(n_keys, n_queries, n_maps):
    keys = [f"word{i}"[: 3 + i % 5] + "g" for i in range(n_keys)]
    queries = [f"[Query]{i}" for i in range(n_queries)]
    maps = {f"L{i} H{i}": weights_of(n_queries, n_keys) for i in range(n_maps)}
    figure = attention_row(maps, keys, queries)
    *row, bar = drawn(figure)
    label = bar.yaxis.label.get_window_extent()
    assert label.height <= bar.get_window_extent().height
    for ax in row:
        along, down = boxes(ax.xaxis), boxes(ax.yaxis)
        assert all(a.x1 < b.x0 for a, b in pairwise(along))
        assert all(a.y0 > b.y1 for a, b in pairwise(down))
        assert all(t.get_fontsize() >= 8 for t in ax.get_xticklabels())
        page, whole = figure.bbox, ax.get_tightbbox()
        assert whole.x0 >= page.x0 and whole.y0 >= page.y0
        assert whole.x1 <= page.x1 and whole.y1 <= page.y1
    assert max(figure.get_size_inches()) < 9.5


@pytest.mark.parametrize(("T", "all_named"), [(3, True), (30, True), (60, False)])
def test_ticks_are_thinned_only_where_they_must(T, all_named):
    tokens = [f"w{i}" for i in range(T)]
    ax, _ = drawn(attention_map(weights_of(T, T), tokens))
    for axis in (ax.xaxis, ax.yaxis):
        assert (len(shown(axis)) == T) is all_named
        assert all(name == f"w{int(place)}" for place, name in shown(axis).items())


def test_few_tokens_make_no_tiny_map():
    ax, _ = drawn(attention_map(weights_of(3, 3), list("abc")))
    box = ax.get_window_extent()
    assert min(box.width, box.height) / ax.figure.dpi > 1.3


def test_maps_in_a_row_share_their_colours_and_name_queries_once():
    maps = {"first": weights_of(2, 3), "second $x$": torch.zeros(2, 3)}
    figure = attention_row(maps, list("abc"), list("xy"))
    first, second, bar = drawn(figure)
    assert [ax.get_title(loc="left") for ax in (first, second)] == list(maps)
    for ax, weights in zip((first, second), maps.values(), strict=True):
        assert np.asarray(ax.images[0].get_array()) == pytest.approx(weights.numpy())
        assert ax.images[0].get_clim() == (0, 1)
        assert shown(ax.xaxis) == {0: "a", 1: "b", 2: "c"}
    assert first.get_ylabel() == "query" and second.get_ylabel() == ""
    assert boxes(first.yaxis) and not second.yaxis.get_tick_params()["labelleft"]
    assert bar.get_window_extent().x0 > second.get_window_extent().x1


def test_a_long_name_is_broken_into_lines():
    maps = {
        "a name that is much too long here": weights_of(8, 8),
        "b": weights_of(8, 8),
    }
    first, *_ = drawn(attention_row(maps | {"c": weights_of(8, 8)}, list("abcdefgh")))
    assert first.get_title(loc="left").count("\n") >= 1


def test_a_row_without_a_map_is_refused():
    with pytest.raises(ValueError, match="needs a map"):
        attention_row({}, ["a"])


@pytest.mark.parametrize(("best", "colour"), [(0.93, "k"), (0.31, "w")])
def test_the_overview_frames_and_writes_the_best_head(best, colour):
    weights = torch.full((6, 12), 0.1)
    weights[4, 7] = best
    ax, bar = drawn(head_overview(weights, "next token"))
    assert np.asarray(ax.images[0].get_array()) == pytest.approx(weights.numpy())
    assert ax.images[0].get_clim() == (0, 1)
    (box,) = ax.patches
    assert box.get_xy() == (6.5, 3.5) and box.get_edgecolor()[:3] == to_rgb(ORANGE)
    (text,) = ax.texts
    assert text.get_position() == (7, 4) and text.get_text() == f"{best:.2f}"
    assert text.get_color() == colour and text.get_fontsize() >= 8
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("head", "layer")
    assert len(shown(ax.xaxis)) == 12 and len(shown(ax.yaxis)) == 6
    assert "next token" in ax.get_title(loc="left")
    assert bar.get_ylabel() == "mean attention weight"
