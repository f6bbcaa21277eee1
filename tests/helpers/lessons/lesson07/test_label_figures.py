"""The figures on labels: what is drawn, in percent or as shares, and chance."""

import pytest

from helpers.lessons.lesson07.label_figures import dots, judged_right

pytestmark = pytest.mark.usefixtures("theme")


def drawn(figure):
    """Draw the figure, on which a warning would be an error, and return its axes."""
    figure.draw_without_rendering()
    (ax,) = figure.axes
    return ax


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_judgements_are_in_percent_with_chance_and_the_line_without_labels():
    ways = ("counted", "scratch", "frozen", "tuned")
    table = {
        way: {4: (0.5, 0.52), 64: (0.6 + i / 10, 0.7)} for i, way in enumerate(ways)
    }
    ax = drawn(judged_right("A title", table, 0.99))
    assert ax.get_title(loc="left") == "A title"
    ends = {line.get_ydata()[-1] for line in ax.lines if len(line.get_xdata()) == 2}
    assert {65.0, 70.0, 75.0, 80.0} <= {round(end, 6) for end in ends}
    assert {99.0, 50.0} <= {round(line.get_ydata()[0], 6) for line in ax.lines}
    assert set(words(ax)) == {*ways, "chance", "no label"}
    assert ax.get_xscale() == "log"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["4", "64"]


def test_dots_have_a_row_for_each_task_and_chance():
    rows = {"one": {"a": [0.2, 0.3], "b": [0.7]}, "two": {"a": [0.4]}}
    ax = drawn(dots(rows, "A title", "share", chance=0.5))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["one", "two"]
    assert words(ax) == ["chance"]
    assert ax.lines[-1].get_xdata()[0] == 0.5
    assert ax.get_xlim() == (0, 1)
    assert ax.figure.get_suptitle() == "A title"
    assert ax.get_xlabel() == "share"
