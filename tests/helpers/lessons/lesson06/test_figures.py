"""The figures of lesson 06: what is drawn, in percent, under which names."""

from itertools import pairwise

import matplotlib
import pytest
import torch
from matplotlib.text import Annotation

from helpers.lessons.lesson06.figures import (
    AT_MOST,
    ERRORS,
    by_draw,
    by_source,
    errors_against_labels,
    measured_on_the_way,
    misread,
    over_parts,
    told_right,
)
from helpers.plots.lines import GAP, height
from helpers.plots.theme import CONTRAST, GREEN, LOOKS, PURPLE
from helpers.training.fit import History

WAYS = ("pixels", "random", "frozen", "SVM", "tuned")
TABLE = {
    way: {k: [0.4 + 0.1 * place + k / 100, 0.42 + 0.1 * place] for k in (10, 1, 2)}
    for place, way in enumerate(WAYS)
}


pytestmark = pytest.mark.usefixtures("theme")


def saved(figure):
    """Draw the figure, on which a warning would be an error, and return its axes."""
    figure.draw_without_rendering()
    (ax,) = figure.axes
    return ax


def looks(ax):
    """Return colour and dash of the thick lines."""
    return [(line.get_color(), line.get_linestyle()) for line in thick(ax)]


def thick(ax):
    """Return the lines of means."""
    whole = matplotlib.rcParams["lines.linewidth"]
    return [line for line in ax.lines if line.get_linewidth() == whole]


def thin(ax):
    """Return the lines of single draws."""
    return [line for line in ax.lines if line.get_linewidth() == 0.8]


def names(ax):
    """Return the names written at lines and points."""
    return [t.get_text() for t in ax.texts if isinstance(t, Annotation)]


def said(ax):
    """Return title and labels."""
    return ax.get_title("left"), ax.get_xlabel(), ax.get_ylabel()


# Errors against labels


def test_draws_are_rows_over_all_k():
    row = {5: [0.1, 0.2, 0.3], 1: [0.4, 0.5, 0.6]}
    assert by_draw(row, (1, 5)) == [(0.4, 0.1), (0.5, 0.2), (0.6, 0.3)]
    assert by_draw(row, (5,)) == [(0.1,), (0.2,), (0.3,)]
    with pytest.raises(ValueError):
        by_draw({1: [0.1], 5: [0.1, 0.2]}, (1, 5))


def test_errors_are_in_percent_draws_thin_and_their_mean_thick():
    ax = saved(errors_against_labels("A title", TABLE, WAYS))
    wanted = "labels per class (log scale)", "pictures misread (%, log scale)"
    assert said(ax) == ("A title", *wanted)
    assert len(thin(ax)) == 10 and len(thick(ax)) == 5
    for place, way in enumerate(WAYS):
        for draw in (0, 1):
            line = thin(ax)[2 * place + draw]
            assert line.get_xdata().tolist() == [1, 2, 10]  # by size, not as stored
            wanted = [100 - 100 * TABLE[way][k][draw] for k in (1, 2, 10)]
            assert line.get_ydata().tolist() == pytest.approx(wanted)
        wanted = [100 - 50 * sum(TABLE[way][k]) for k in (1, 2, 10)]
        assert thick(ax)[place].get_ydata().tolist() == pytest.approx(wanted)


def test_errors_have_logarithmic_axes_with_plain_numbers():
    ax = saved(errors_against_labels("A title", TABLE, WAYS))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_xticks().tolist() == [1, 2, 10]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "10"]
    assert ax.get_yticks().tolist() == list(ERRORS)
    assert [t.get_text() for t in ax.get_yticklabels()] == [f"{e:g}" for e in ERRORS]
    assert not len(ax.get_xticks(minor=True)) and not len(ax.get_yticks(minor=True))


def test_five_ways_are_told_apart_by_colour_and_dash():
    ax = saved(errors_against_labels("A title", TABLE, WAYS))
    assert names(ax) == list(WAYS)
    colours = [colour for colour, _ in looks(ax)]
    assert colours == [LOOKS[0][0], LOOKS[1][0], GREEN, PURPLE, LOOKS[2][0]]
    assert [t.get_color() for t in ax.texts if isinstance(t, Annotation)] == colours
    dashes = [(line.get_linestyle(), line._dash_pattern) for line in thick(ax)]
    assert len(set(map(str, dashes))) == 5


def test_chance_has_a_line_and_its_name():
    for ax, level in (
        (saved(errors_against_labels("A title", TABLE, WAYS)), 90),
        (saved(measured_on_the_way(LABELS, RUNS, 0.02)), 0.02),
        (saved(told_right("A title", KS, SCORES)), 100 / 6),
    ):
        (line,) = [line for line in ax.lines if line.get_linewidth() == 1]
        assert list(line.get_ydata()) == [level, level]
        assert ax.get_ylim()[0] < level < ax.get_ylim()[1]
        assert "chance" in [text.get_text() for text in ax.texts]


def test_ways_come_in_the_order_asked_for_and_others_are_left_out():
    table = {"another": {}, **TABLE}
    ax = saved(errors_against_labels("A title", table, WAYS[::-1]))
    assert names(ax) == list(WAYS[::-1])
    tuned = [100 - 50 * sum(TABLE["tuned"][k]) for k in (1, 2, 10)]
    assert thick(ax)[0].get_ydata().tolist() == pytest.approx(tuned)
    with pytest.raises(ValueError):
        errors_against_labels("A title", TABLE, WAYS[:3])


def test_names_at_the_logarithmic_ends_are_drawn_apart():
    table = {way: {k: [0.9, 0.9] for k in (1, 2, 10)} for way in WAYS}
    for place, way in enumerate(WAYS):
        table[way][10] = [0.52 + 0.045 * place] * 2
    ax = saved(errors_against_labels("A title", table, WAYS))
    places = sorted(
        height(ax, *text.xy) + text.xyann[1]
        for text in ax.texts
        if isinstance(text, Annotation)
    )
    assert min(b - a for a, b in pairwise(places)) > 0.8 * GAP  # once laid out


# On the way


def recorded(*values):
    """Return a history with a value at every tenth step."""
    return History([1.0], [(10 * i, value) for i, value in enumerate(values)])


RUNS = {
    "one": recorded(0.1, 0.5, 0.9),
    "other": recorded(0.1, 0.2, 0.3),
    "third": recorded(0.0, 0.7, 1.0),
    "fourth": recorded(0.0, 0.4, 0.2),
}
LABELS = "A title", "steps", "share"


def test_records_are_drawn_at_their_steps_from_0_to_1():
    ax = saved(measured_on_the_way(LABELS, RUNS, 0.02))
    assert said(ax) == LABELS and ax.get_ylim() == (0, 1)
    assert looks(ax) == [*LOOKS, (GREEN, "-.")] and names(ax) == list(RUNS)
    for line, run in zip(thick(ax), RUNS.values(), strict=True):
        assert line.get_xdata().tolist() == [0, 10, 20]
        assert line.get_ydata().tolist() == [value for _, value in run.records]


def test_three_trainings_or_five_are_refused():
    for runs in (dict(list(RUNS.items())[:3]), RUNS | {"fifth": RUNS["one"]}):
        with pytest.raises(ValueError):
            measured_on_the_way(LABELS, runs, 0.02)


# Over what is frozen


def test_accuracies_stand_in_percent_over_the_parts_frozen():
    ax = saved(over_parts("A title", [[0.5, 0.7], [0.8, 0.8], [0.9, 0.1]]))
    assert said(ax) == (
        "A title",
        "parts frozen, from the input on",
        "digits read right (%, cut axis)",
    )
    assert list(ax.get_xticks()) == [0, 1, 2]
    assert [list(line.get_xdata()) for line in ax.lines] == [[0, 1, 2]] * 3
    drawn = [line.get_ydata().tolist() for line in thin(ax)]
    assert drawn[0] == pytest.approx([50, 80, 90])
    assert drawn[1] == pytest.approx([70, 80, 10])
    assert thick(ax)[0].get_ydata().tolist() == pytest.approx([60, 80, 50])
    assert names(ax) == ["mean"] and looks(ax) == [LOOKS[2]]


def test_one_draw_is_its_own_mean():
    ax = saved(over_parts("A title", [[0.5], [0.8]]))
    assert [line.get_ydata().tolist() for line in ax.lines] == [[50, 80]]


def test_parts_with_unequal_numbers_of_draws_are_refused():
    with pytest.raises(ValueError):
        over_parts("A title", [[0.5, 0.6], [0.8]])


# Sources


def test_sources_have_a_row_for_each_number_of_labels_and_chance_at_a_tenth():
    rows = {"1": {"one": [0.4, 0.5], "other": [0.6]}, "5": {"one": [0.7]}}
    figure = by_source("A title", rows)
    ax = saved(figure)
    assert said(ax) == (
        "A title",
        "share of digits read right, frozen backbone",
        "labels per class",
    )
    assert ax.get_xlim() == (0, 1)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["1", "5"]
    assert list(ax.lines[-1].get_xdata()) == [0.1, 0.1]
    assert [text.get_text() for text in ax.texts] == ["chance"]


# Texts told right

KS = (4, 8, 16)
SCORES = {"counted": [[0.3, 0.4, 0.5], [0.5, 0.4, 0.7]], "MiniLM": [[0.5, 0.6, 0.7]]}


def test_texts_told_right_stand_in_percent_the_baseline_first():
    ax = saved(told_right("A title", KS, SCORES))
    across = "labelled paragraphs per class (log scale)"
    wanted = across, "paragraphs told right (%)"
    assert said(ax) == ("A title", *wanted)
    assert names(ax) == list(SCORES) and looks(ax) == [LOOKS[0], LOOKS[2]]
    means = [line.get_ydata().tolist() for line in thick(ax)]
    assert means[0] == pytest.approx([40, 40, 60])
    assert means[1] == pytest.approx([50, 60, 70])
    assert len(thin(ax)) == 2 and len(ax.lines) == 5
    assert thin(ax)[1].get_ydata().tolist() == pytest.approx([50, 40, 70])


def test_numbers_of_labels_are_on_a_logarithmic_axis_as_plain_numbers():
    ax = saved(told_right("A title", KS, SCORES))
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert ax.get_xticks().tolist() == list(KS) and ax.get_ylim() == (0, 80)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["4", "8", "16"]
    assert not len(ax.get_xticks(minor=True))


def test_one_point_more_stands_at_its_k_under_its_name():
    ax = saved(told_right("A title", KS, SCORES, ("tuned", 16, 0.62)))
    *lines, point = ax.lines
    assert len(lines) == 5
    assert (list(point.get_xdata()), list(point.get_ydata())) == ([16], [62])
    assert (point.get_marker(), point.get_color()) == ("D", CONTRAST)
    assert names(ax) == [*SCORES, "tuned"]
    assert ax.texts[-1].xy == (16, 62) and ax.texts[-1].get_color() == CONTRAST


def test_one_way_alone_is_drawn_as_the_baseline():
    ax = saved(told_right("A title", KS, {"counted": SCORES["counted"]}))
    assert names(ax) == ["counted"] and looks(ax) == [LOOKS[0]]


# Pictures misread


def pictures(n):
    """Return n pictures (n, 1, 4, 4), picture i grey by i."""
    return torch.arange(float(n)).view(-1, 1, 1, 1).expand(n, 1, 4, 4)


def grid(n, wrong):
    """Return the figure for n pictures of which these are taken for one more."""
    truth = torch.arange(n) % 5
    given = truth.clone()
    given[wrong] += 1
    figure = misread(pictures(n), truth, given, "frozen")
    figure.draw_without_rendering()
    return figure, [ax for ax in figure.axes if ax.images]


def test_misread_pictures_stand_under_their_own_and_the_given_label():
    figure, shown = grid(12, [2, 3, 11])
    assert figure.get_suptitle() == "frozen: 3 of 12 misread"
    assert [ax.get_title() for ax in shown] == ["2 → 3", "3 → 4", "1 → 2"]
    values = [ax.images[0].get_array()[0, 0] for ax in shown]
    assert values == [2, 3, 11]


@pytest.mark.parametrize(("wrong", "drawn"), [(1, 1), (9, 9), (24, 24), (40, 24)])
def test_at_most_24_pictures_are_shown_eight_in_a_row_and_all_are_counted(wrong, drawn):
    figure, shown = grid(50, list(range(3, 3 + wrong)))
    assert AT_MOST == 24 and len(shown) == drawn
    assert figure.get_suptitle() == f"frozen: {wrong} of 50 misread"
    values = [int(ax.images[0].get_array()[0, 0]) for ax in shown]
    assert values == list(range(3, 3 + drawn))  # the first ones
    columns = shown[0].get_gridspec().ncols
    assert columns == min(8, drawn)


def test_where_nothing_is_misread_the_title_says_so():
    labels = torch.arange(4)
    (ax,) = misread(torch.rand(4, 1, 8, 8), labels, labels, "fine-tuned").axes
    assert ax.get_title(loc="left") == "fine-tuned: 0 of 4 misread" and not ax.images
