"""The picture of a step of writing shows the step: weights, choices, keys."""

from itertools import combinations

import numpy as np
import pytest
import torch
from matplotlib import colormaps
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle

from helpers.lessons.lesson05.figures import (
    COLUMNS,
    EMPTY,
    PLACES,
    ROWS,
    amount,
    step_picture,
)
from helpers.lessons.lesson05.generation import GenerationTrace
from helpers.plots.theme import BASELINE, ORANGE, ORDERED, OURS, SIGNED

L, N, D = 3, 2, 8


pytestmark = pytest.mark.usefixtures("theme")


def told(text="The cat\nsat", n_prompt=7, best=("t", "x", " ", "\n", "$")):
    """Return a step in which every weight and every key is another one."""
    generator = torch.Generator().manual_seed(0)
    P = len(text) - 1
    weights = (3 * torch.randn(L, N, P, generator=generator)).softmax(dim=-1)
    keys = torch.randn(L, N, P, D, generator=generator)
    computed = n_prompt if n_prompt == P else 1
    probabilities = torch.tensor([0.5, 0.2, 0.1, 0.05, 0.02, 0.01][: len(best)])
    return GenerationTrace(text, n_prompt, computed, best, probabilities, weights, keys)


def drawn(trace, layer=0, head=0):
    """Return the figure's axes by what they show."""
    figure = step_picture(trace, layer, head)
    names = ("text", "legend", "tints", "next", "cache", "numbers")
    return dict(zip(names, figure.axes, strict=True))


def place_of(x, y):
    """Return the number of the place at which something is drawn."""
    return int(y) * COLUMNS + int(x)


def symbols(ax):
    """Return the characters of a text by their places."""
    return {place_of(*t.get_position()): t for t in ax.texts}


def frames(ax, colour):
    """Return the places, or columns, that have a frame of a colour."""
    edges = [p for p in ax.patches if to_hex(p.get_edgecolor()) == to_hex(colour)]
    return [place_of(*p.get_xy()) for p in edges if p.get_linewidth() > 1.5]


def fills(ax):
    """Return the colour of every place of a text; what is drawn later covers it."""
    own = [p for p in ax.patches if p.get_fill() and p.get_facecolor()[3] == 1]
    return {place_of(*p.get_xy()): p.get_facecolor() for p in own}


# ---------------------------------------------------------------- the text


def test_the_text_is_written_with_signs_for_what_would_not_be_seen():
    ax = drawn(told("a b\n漢$x", 4))["text"]
    shown = symbols(ax)
    assert [shown[i].get_text() for i in range(len(shown))] == list("a␣b⏎□$x")
    assert {t.get_fontsize() for t in ax.texts} == {11}


@pytest.mark.parametrize(("layer", "head"), [(0, 0), (0, 1), (2, 0), (2, 1)])
def test_each_character_is_tinted_by_how_much_the_head_looks_at_it(layer, head):
    trace = told()
    ax = drawn(trace, layer, head)["text"]
    tints = fills(ax)
    for place, weight in enumerate(trace.weights[layer, head].tolist()):
        wanted = colormaps[ORDERED](np.sqrt(weight))
        assert tints[place] == pytest.approx(wanted, abs=0.01)
    assert ax.get_title(loc="left") == f"Layer {layer}, head {head}: where “a” looks"


def test_characters_can_be_read_on_every_tint():
    def light(colour):
        linear = [
            c / 12.92 if c < 0.04 else ((c + 0.055) / 1.055) ** 2.4 for c in colour
        ]
        return np.dot(linear, [0.2126, 0.7152, 0.0722]) + 0.05

    trace = told("ab" * 15 + "c", 1)
    trace.weights[0, 0] = torch.linspace(0, 1, 30)
    ax = drawn(trace)["text"]
    tints = fills(ax)
    for place, text in symbols(ax).items():
        pair = light(to_rgb(text.get_color())), light(tints[place][:3])
        assert max(pair) / min(pair) > 4, place


@pytest.mark.parametrize("text", ["The cat\nsat", "x" * COLUMNS + "yz", "x" * 99 + "z"])
def test_the_last_one_read_and_the_chosen_one_are_framed(text):
    ax = drawn(told(text, 7))["text"]
    last = len(text) - 1
    assert frames(ax, ORANGE) == [last - 1]
    assert frames(ax, OURS) == [last]
    assert to_hex(symbols(ax)[last].get_color()) == to_hex(OURS)
    assert fills(ax)[last] == (1, 1, 1, 1)


def test_what_was_written_and_read_is_underlined():
    ax = drawn(told("The cat\nsat", 7))["text"]
    below = [place_of(*(np.min(line.get_data(), axis=1))) for line in ax.lines]
    assert below == [7, 8, 9]
    assert {to_hex(line.get_color()) for line in ax.lines} == {to_hex(OURS)}
    assert not drawn(told("The cat\n", 7))["text"].lines


@pytest.mark.parametrize(("n", "lines"), [(2, 2), (80, 2), (81, 3), (160, 4), (161, 4)])
def test_a_long_text_has_more_lines_up_to_four(n, lines):
    ax = drawn(told("x" * n, 1))["text"]
    assert ax.get_ylim() == (lines, 0)
    empty = [place for place, c in fills(ax).items() if to_hex(c) == to_hex(EMPTY)]
    assert empty == list(range(min(n, COLUMNS * ROWS), lines * COLUMNS))


def test_of_a_very_long_text_the_end_is_shown_and_how_much_is_looked_at_before():
    text = "".join("abcdefghij"[i % 10] for i in range(333))
    trace = told(text, 330)
    trace.weights[1, 1, 173] = 0.8
    ax = drawn(trace, 1, 1)["text"]
    shown = symbols(ax)
    assert "".join(shown[i].get_text() for i in range(160)) == text[-160:]
    before = trace.weights[1, 1, : 333 - 160].sum().item()
    assert ax.get_title(loc="left").endswith(f"looks ({before:.0%} further back)")
    assert len(ax.lines) == 2
    assert frames(ax, ORANGE) == [158] and frames(ax, OURS) == [159]
    wanted = colormaps[ORDERED](np.sqrt(trace.weights[1, 1, 173].item()))
    assert fills(ax)[0] == pytest.approx(wanted, abs=0.01)


def test_frames_lines_and_tints_are_explained():
    axes = drawn(told())
    legend = axes["legend"].get_legend()
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["read now, looks back", "chosen now, not read yet", "written"]
    colours = [h.get_edgecolor() for h in legend.legend_handles[:2]]
    colours.append(legend.legend_handles[2].get_color())
    assert [*map(to_hex, colours)] == [*map(to_hex, (ORANGE, OURS, OURS))]
    bar = axes["tints"]
    assert bar.get_title(loc="left") == "attention weight"
    assert [t.get_text() for t in bar.get_xticklabels()] == ["0", ".1", ".5", "1"]
    assert bar.get_xlim() == (0, 1)
    middle = bar.transAxes.inverted().transform(bar.transData.transform((0.25, 0)))
    assert middle[0] == pytest.approx(0.5, abs=0.01)  # tints are square roots


# ---------------------------------------------------------------- the next character


@pytest.mark.parametrize("chosen", [0, 2, 5])
def test_the_best_are_bars_and_the_chosen_one_is_ours(chosen):
    best = ("e", "$", " ", "\n", "漢", "z")
    trace = told("abc" + best[chosen], 2, best)
    ax = drawn(trace)["next"]
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx(trace.probabilities.tolist())
    assert [t.get_text() for t in ax.get_yticklabels()] == list("e$␣⏎□z")
    for place, (bar, note) in enumerate(zip(ax.patches, ax.texts, strict=True)):
        assert bar.get_y() + bar.get_height() / 2 == pytest.approx(place)
        own = place == chosen
        assert to_hex(bar.get_facecolor()) == to_hex(OURS if own else BASELINE)
        assert note.get_text() == f" {widths[place]:.2f}" + " ←" * own
        assert note.get_position() == pytest.approx((widths[place], place))
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the most probable one is on top
    assert ax.get_xlim()[0] == 0 and ax.get_xlabel() == "probability"


# ---------------------------------------------------------------- the cache


@pytest.mark.parametrize(("layer", "head"), [(0, 0), (1, 0), (2, 1)])
def test_the_keys_of_the_head_are_columns_and_the_rest_is_empty(layer, head):
    trace = told()
    ax = drawn(trace, layer, head)["cache"]
    (image,) = ax.images
    values, P = image.get_array(), trace.keys.shape[2]
    assert values.shape == (D, PLACES)
    keys = trace.keys[layer, head]
    assert np.asarray(values[:, :P]) == pytest.approx(keys.T.numpy())
    assert np.ma.getmaskarray(values)[:, P:].all()
    assert to_hex(image.get_cmap().get_bad()) == to_hex(EMPTY)
    top = keys.abs().max().item()
    assert image.get_clim() == pytest.approx((-top, top))
    assert image.get_cmap().name == SIGNED
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "position",
        f"this head's keys,\n{D} numbers each",
    )


@pytest.mark.parametrize(
    ("P", "places"), [(1, 64), (64, 64), (65, 96), (96, 96), (97, 128)]
)
def test_the_cache_has_room_for_more(P, places):
    ax = drawn(told("x" * (P + 1), 1))["cache"]
    assert ax.images[0].get_array().shape == (D, places)
    assert ax.get_xlim() == (-0.5, places - 0.5)


@pytest.mark.parametrize(
    ("n", "n_prompt", "start"),
    [(8, 7, 0), (9, 7, 7), (11, 7, 9), (2, 1, 0), (99, 5, 97)],
)
def test_what_is_new_is_framed_without_being_hidden(n, n_prompt, start):
    ax = drawn(told("x" * n, n_prompt))["cache"]
    (frame,) = (p for p in ax.patches if isinstance(p, Rectangle))
    assert to_hex(frame.get_edgecolor()) == to_hex(ORANGE) and not frame.get_clip_on()
    box, half = frame.get_bbox(), frame.get_linewidth() / 2 * ax.figure.dpi / 72
    corners = ax.transData.transform([(box.x0, box.y0), (box.x1, box.y1)])
    inner = [corners[0, 0] + half, corners[1, 0] - half]
    columns = ax.transData.transform([(start - 0.5, 0), (n - 1.5, 0)])[:, 0]
    assert inner == pytest.approx(columns, abs=0.1)  # pixels
    assert sorted((box.y0, box.y1)) == [-0.5, D - 0.5]


@pytest.mark.parametrize(
    ("trace", "title"),
    [
        (
            told(),
            "Kept: 3 layers × 10 positions × 2 × 16 numbers = 3.8 KB\n"
            "Computed in this step: 1 of 10",
        ),
        (
            told("ab", 1),
            "Kept: 3 layers × 1 position × 2 × 16 numbers = 384 bytes\n"
            "Computed in this step: 1 of 1",
        ),
        (
            told("x" * 100, 99),
            "Kept: 3 layers × 99 positions × 2 × 16 numbers = 38 KB\n"
            "Computed in this step: 99 of 99",
        ),
    ],
)
def test_the_title_says_what_is_kept_and_what_is_new(trace, title):
    assert drawn(trace)["cache"].get_title(loc="left") == title


def test_one_layer_is_no_layers():
    trace = told()
    one = GenerationTrace(**(vars(trace) | {"keys": trace.keys[:1]}))
    assert "Kept: 1 layer × 10" in drawn(one)["cache"].get_title(loc="left")


@pytest.mark.parametrize(
    ("n_bytes", "wanted"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 KB"),
        (9_949, "9.9 KB"),
        (9_950, "10 KB"),
        (43_008, "43 KB"),
        (999_499, "999 KB"),
        (999_500, "1.0 MB"),
        (1_290_000, "1.3 MB"),
    ],
)
def test_bytes_are_said_as_a_person_says_them(n_bytes, wanted):
    assert amount(n_bytes) == wanted


def test_half_precision_can_be_drawn():
    trace = told()
    half = {name: getattr(trace, name).bfloat16() for name in ("weights", "keys")}
    drawn(GenerationTrace(**(vars(trace) | half)))


# ---------------------------------------------------------------- all of it


@pytest.mark.parametrize(("layer", "head"), [(L, 0), (0, N), (-1, 0), (0, -1)])
def test_a_head_that_is_not_there_is_refused(layer, head):
    with pytest.raises(
        ValueError, match=f"layer {layer} with a head {head}: .* 3 layer"
    ):
        step_picture(told(), layer, head)


def boxes(figure):
    """Return where everything that is written or drawn stands on the page."""
    found = []
    for ax in figure.axes[1:]:
        parts = [ax.get_legend()] if ax.get_legend() else [ax]
        found += [part.get_tightbbox() for part in parts]
    return [*found, figure.axes[0].get_tightbbox()]


@pytest.mark.parametrize(
    "trace",
    [
        told("ab", 1),
        told("$漢\n \r_\\" * 6, 1),
        told("W" * 61, 60),
        told("x" * 800, 790),
        told("ab", 1, ("b",)),
        told("az", 1, ("e", "$", " ", "\n", "漢", "z")),
    ],
)
@pytest.mark.parametrize("sure", [False, True])
def test_nothing_touches_and_nothing_is_cut_off(trace, sure):
    if sure:
        trace.probabilities[0] = 1.0
    figure = step_picture(trace, 2, 1)
    figure.draw_without_rendering()
    found, page = boxes(figure), figure.bbox
    for box in found:
        assert box.x0 >= page.x0 and box.y0 >= page.y0
        assert box.x1 <= page.x1 and box.y1 <= page.y1
    for one, other in combinations(found, 2):
        assert not one.overlaps(other)
    assert 6 <= figure.get_size_inches()[0] <= 9
