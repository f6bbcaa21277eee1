"""Lines that are compared: every run drawn, every name readable."""

import matplotlib
import numpy as np
import pytest

from helpers.plots.lines import GAP, chart, height, learning_curves, plot_runs, spread
from helpers.plots.theme import axes
from helpers.training.fit import History

THICK = matplotlib.rcParams["lines.linewidth"]
LOOKS = {"plain": ("#111111", "--"), "residual": ("#222222", "-")}
LOOKS["plain, bare"] = "#333333", ":"


def compared(lines, **options):
    """Return the axes of these lines over 0, 1, 2."""
    return plot_runs(axes("title"), [0, 1, 2], lines, LOOKS, **options)


def test_runs_are_thin_and_their_mean_is_thick():
    ax = compared({"plain": [[0, 1, 2], [2, 3, 4]]})
    assert [line.get_linewidth() for line in ax.lines] == [0.8, 0.8, THICK]
    assert ax.lines[-1].get_ydata().tolist() == [1, 2, 3]


def test_one_run_is_its_own_mean():
    assert len(compared({"plain": [[0, 1, 2]]}).lines) == 1


def test_a_look_is_found_by_name_then_by_what_stands_before_the_comma():
    lines = {"plain": [[0, 0, 0]], "plain, 56": [[1, 1, 1]], "plain, bare": [[2, 2, 2]]}
    ax = compared(lines)
    looks = [(line.get_color(), line.get_linestyle()) for line in ax.lines]
    assert looks == [LOOKS["plain"], LOOKS["plain"], LOOKS["plain, bare"]]
    with pytest.raises(KeyError):
        compared({"other": [[0, 1, 2]]})


def test_labels_stand_at_the_ends_or_in_a_legend():
    lines = {"plain": [[0, 1, 2]], "residual": [[0, 0, 9]]}
    ax = compared(lines, marker="o")
    assert {text.get_text(): text.xy for text in ax.texts} == {
        "plain": (2, 2),
        "residual": (2, 9),
    }
    assert {line.get_marker() for line in ax.lines} == {"o"}
    ax = compared(lines, legend=True)
    assert not ax.texts
    assert [t.get_text() for t in ax.get_legend().get_texts()] == list(lines)


def test_labels_of_lines_that_meet_are_drawn_apart():
    ax = compared({"plain": [[0, 0, 1]], "residual": [[0, 1, 1]]})
    places = [height(ax, *text.xy) + text.xyann[1] for text in ax.texts]
    assert abs(places[0] - places[1]) == pytest.approx(GAP)


@pytest.mark.parametrize(
    ("heights", "placed"),
    [
        ([5], [5]),
        ([0, 20], [0, 20]),
        ([10, 10], [5, 15]),
        ([12, 10], [16, 6]),
        ([0, 8, 100], [-1, 9, 100]),
        ([0, 9, 18, 19], [-3.5, 6.5, 16.5, 26.5]),  # the last pair pushes the others
    ],
)
def test_heights_are_spread_about_their_mean(heights, placed):
    assert spread(heights, gap=10) == pytest.approx(placed)


def test_spreading_keeps_the_order_and_the_gap():
    for seed in range(20):
        heights = np.random.default_rng(seed).uniform(0, 60, 7)
        placed = np.array(spread(heights, gap=10))
        assert (placed.argsort() == heights.argsort()).all()
        assert np.diff(np.sort(placed)).min() > 10 - 1e-9


MEETING = {"plain": [[0, 100, 1]], "residual": [[0, 50, 1.1]]}


def charted(x=(0, 1, 2), lines=MEETING, **settings):
    """Return the axes of a chart whose two lines end close to each other."""
    return chart(("title", "steps", "loss"), x, lines, LOOKS, **settings)


def test_a_chart_has_a_title_labels_and_every_line_in_its_look():
    ax = charted()
    assert (ax.get_title(), ax.get_xlabel()) == ("title", "steps")
    assert ax.get_ylabel() == "loss"
    looks = [(line.get_color(), line.get_linestyle()) for line in ax.lines]
    assert looks == [LOOKS["plain"], LOOKS["residual"]]
    assert [line.get_xdata().tolist() for line in ax.lines] == [[0, 1, 2]] * 2
    assert [text.get_text() for text in ax.texts] == list(MEETING)


def test_a_charts_settings_are_applied():
    ax = charted(xlim=(0, 9), yscale="symlog")
    assert ax.get_xlim() == (0, 9) and ax.get_yscale() == "symlog"


@pytest.mark.parametrize(("top", "moved"), [(100, GAP), (1.2, 0)])
def test_labels_are_spread_for_the_settings(top, moved):
    below, above = (text.xyann[1] for text in charted(ylim=(0.9, top)).texts)
    assert above - below == pytest.approx(moved, abs=0.5)  # 0.1 apart is near or far


@pytest.mark.parametrize(("points", "marker"), [(3, "o"), (19, "o"), (20, "")])
def test_few_points_have_dots_and_many_have_none(points, marker):
    lines = {"plain": [range(points)]}
    ax = charted(range(points), lines)
    assert [line.get_marker() for line in ax.lines] == [marker]


def test_learning_curves_are_smoothed_losses_at_their_steps():
    runs = {"plain": History([*range(90)]), "residual": History([5.0] * 89 + [8.0])}
    labels = "title", "steps", "loss"
    ax = learning_curves(labels, runs, LOOKS, ylim=(0, 100))
    plain, residual = ax.lines
    assert plain.get_xdata().tolist() == [3 * k + 2 for k in range(30)]
    assert residual.get_xdata().tolist() == plain.get_xdata().tolist()
    assert plain.get_ydata().tolist() == [3 * k + 1 for k in range(30)]
    assert residual.get_ydata().tolist() == [5] * 29 + [6]
    looks = [(line.get_color(), line.get_linestyle()) for line in ax.lines]
    assert looks == [LOOKS["plain"], LOOKS["residual"]]
    assert [text.get_text() for text in ax.texts] == list(runs)
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == labels
    assert ax.get_ylim() == (0, 100)


def test_learning_curves_of_other_lengths_are_refused():
    runs = {"plain": History([1.0] * 9), "residual": History([1.0] * 8)}
    with pytest.raises(ValueError, match="same first dimension"):
        learning_curves(("title", "steps", "loss"), runs, LOOKS)


def test_labels_are_spread_for_the_limits_that_the_lines_will_have():
    ax = compared({"plain": [[4, 3, 1.0]], "residual": [[4, 2, 1.1]]})
    ax.figure.canvas.draw()  # 0.1 of 3 is near, of an axis from 0 to 1 it were far
    below, above = (
        height(ax, *text.xy) + text.xyann[1]
        for text in sorted(ax.texts, key=lambda text: text.xy[1])
    )
    assert above - below == pytest.approx(GAP, abs=1)
