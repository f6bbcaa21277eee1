"""Two charts: what the past is worth, and what the next character costs."""

from helpers.lessons.lesson05.figures import cost_figure, past_figure


def heights(ax, n):
    """Return the curves of a chart as lists, the n with as many points."""
    return [y.tolist() for line in ax.lines if len(y := line.get_ydata()) == n]


def test_curves_of_the_past_are_drawn_at_their_reach():
    curves = {"GPT": [3.0, 2.5, 2.0], "LSTM": [3.1, 2.4, 2.1], "n-gram": [2.9, 2.3, 1]}
    (ax,) = past_figure((1, 4, 16), curves).axes
    assert ax.get_xscale() == "log"
    assert ax.get_xticks().tolist() == [1, 4, 16]
    drawn = heights(ax, 3)
    assert all(curve in drawn for curve in curves.values())


def test_costs_are_drawn_on_two_logarithmic_scales():
    (ax,) = cost_figure((4, 16), [(40.0, 10.0), (200.0, 12.0)]).axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    drawn = heights(ax, 2)
    assert [40.0, 200.0] in drawn and [10.0, 12.0] in drawn
    assert {"all again", "cached"} <= {text.get_text() for text in ax.texts}
