"""Two panels about size: the points, the power through them, and the curves."""

import math

import pytest

from helpers.lessons.lesson05.figures import LOOKS, fitted, sizes_figure
from helpers.plots.theme import BASELINE, OURS
from helpers.training.fit import History

SIZES, LOSSES = [100, 1000, 10_000], [3.0, 2.5, 2.1]


def history(start, steps=24):
    """Return a history whose loss falls evenly from `start`."""
    return History([start - 0.01 * step for step in range(steps)])


RUNS = {16: history(2.0), 64: history(1.5, steps=36)}  # by channels


def drawn(runs=RUNS, per_step=50):
    """Return the two panels."""
    return sizes_figure(SIZES, LOSSES, runs, per_step).axes


@pytest.mark.parametrize(("scale", "power"), [(5.0, -0.2), (0.5, 0.7), (3.0, 0.0)])
def test_a_power_law_is_fitted_exactly(scale, power):
    losses = [scale * size**power for size in SIZES]
    assert fitted(SIZES, losses) == pytest.approx(losses)


def test_the_fitted_line_is_straight_and_passes_through_the_mean_of_logarithms():
    logs = [math.log(y) for y in fitted(SIZES, [3.0, 2.0, 2.1])]
    assert logs[1] - logs[0] == pytest.approx(logs[2] - logs[1])
    wanted = [math.log(y) for y in (3.0, 2.0, 2.1)]
    assert sum(logs) == pytest.approx(sum(wanted))
    assert logs[2] - logs[0] == pytest.approx(wanted[2] - wanted[0])  # least squares
    assert fitted(SIZES, [3.0, 2.0, 2.1]) != pytest.approx([3.0, 2.0, 2.1], rel=0.01)


def test_left_are_the_losses_at_their_sizes_and_the_fit():
    left, _ = drawn()
    points, line = left.lines
    assert points.get_xdata().tolist() == line.get_xdata().tolist() == SIZES
    assert points.get_ydata().tolist() == LOSSES
    assert line.get_ydata().tolist() == pytest.approx(fitted(SIZES, LOSSES))
    assert (points.get_marker(), points.get_linestyle()) == ("o", "None")
    looks = [(one.get_color(), one.get_linestyle()) for one in left.lines]
    assert looks == [(OURS, "None"), (BASELINE, ":")]
    assert left.get_xscale() == "log" and left.get_yscale() == "linear"


def test_right_are_the_training_losses_in_bits_against_the_symbols_read():
    _, right = drawn(per_step=50)
    assert [line.get_label() for line in right.lines] == ["16 channels", "64 channels"]
    for line, run, each in zip(right.lines, RUNS.values(), (2, 3), strict=True):
        read = [0.05 * (each * k + (each + 1) / 2) for k in range(12)]  # thousands
        assert line.get_xdata().tolist() == pytest.approx(read)
        means = [sum(run.losses[each * k :][:each]) / each for k in range(12)]
        wanted = [nats / math.log(2) for nats in means]
        assert line.get_ydata().tolist() == pytest.approx(wanted)


def test_four_runs_are_told_apart_by_colour_and_dash():
    _, right = drawn({channels: history(2.0) for channels in (8, 16, 32, 64)})
    looks = [(line.get_color(), line.get_linestyle()) for line in right.lines]
    assert looks == list(LOOKS) and len({dash for _, dash in looks}) == 4
    names = [text.get_text() for text in right.get_legend().get_texts()]
    assert names == [f"{channels} channels" for channels in (8, 16, 32, 64)]


def test_both_panels_say_what_they_show():
    left, right = drawn()
    assert [left.get_title(), right.get_title()] == ["Larger", "Longer"]
    assert left.get_xlabel() == "parameters in the blocks"
    assert left.get_ylabel() == "bits per character, test text"
    assert right.get_xlabel() == "thousand characters read"
    assert right.get_ylabel() == "bits per character, training"


def test_sizes_without_losses_are_refused():
    with pytest.raises(ValueError, match="3 sizes for 2 losses"):
        sizes_figure(SIZES, LOSSES[:2], RUNS, 50)


def test_more_runs_than_looks_are_refused():
    runs = dict.fromkeys(range(5), RUNS[next(iter(RUNS))])
    with pytest.raises(ValueError, match="5 runs, but only 4 lines"):
        sizes_figure(SIZES, LOSSES, runs, 50)
