"""Line plots of several runs and their mean, with labels that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from helpers.plots.theme import axes, label_end, runs_and_mean
from helpers.training.fit import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 15  # points between two labels, a little more than their height


def plot_runs(
    ax: Axes,
    x: Sequence[float],
    lines: dict[str, Sequence[Sequence[float]]],
    looks: dict[str, tuple[str, str]],
    marker: str = "",
    legend: bool = False,
) -> Axes:
    """Draw every entry of `lines`, (seeds, points): runs thin, their mean thick.

    `looks`: (colour, dash) by the entry's name, or by the part before its first comma.
    Set scales and limits of `ax` before, if any: the labels are spread for these. With
    `legend`, names stand there instead of at the ends. KeyError for a missing look.
    """
    means = {}
    for name, runs in lines.items():
        look = looks[name] if name in looks else looks[name.partition(",")[0]]
        means[name] = runs_and_mean(ax, x, runs, *look, marker)
    if legend:
        ax.legend(means.values(), means.keys(), frameon=False)
    else:
        colours = {name: line.get_color() for name, line in means.items()}
        ends = {name: line.get_ydata()[-1] for name, line in means.items()}
        label_ends(ax, x[-1], ends, colours)
    return ax


def chart(
    labels: tuple[str, str, str], x: Sequence, lines: dict, looks: dict, **settings
) -> Axes:
    """Return new axes with title, x and y label, settings (xlim, yscale, …) and lines
    with a dot at each point, drawn as in `plot_runs`."""
    ax = axes(*labels)
    ax.set(**settings)
    return plot_runs(ax, x, lines, looks, "o" if len(x) < 20 else "")


def learning_curves(
    labels: tuple[str, str, str], runs: dict[str, History], looks: dict, **settings
) -> Axes:
    """Return new axes with the smoothed training losses of runs that took equally many
    steps; labels, looks and settings as in `chart`."""
    lines = {name: [history.smoothed()[1]] for name, history in runs.items()}
    steps = next(iter(runs.values())).smoothed()[0]
    return chart(labels, steps, lines, looks, **settings)


def label_ends(
    ax: Axes, x: float, ends: dict[str, float], colours: dict[str, str]
) -> None:
    """Write each name right of its line's end, in its colour, `GAP` points apart."""
    ax.autoscale_view()  # until then the axes run from 0 to 1, and nothing seems close
    wanted = [height(ax, x, y) for y in ends.values()]
    moved = spread(wanted, GAP)
    for name, old, new in zip(ends, wanted, moved, strict=True):
        label_end(ax, x, ends[name], name, colours[name], up=new - old)


def height(ax: Axes, x: float, y: float) -> float:
    """Return how many points above the figure's lower edge (x, y) is drawn."""
    return ax.transData.transform((x, y))[1] * 72 / ax.figure.dpi


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Return the heights moved apart, in their order, to be at least `gap` apart.

    Neighbours that are too close stand evenly about their common mean.
    """
    order = np.argsort(heights, kind="stable")
    groups: list[list[float]] = []
    for i in order:
        groups.append([heights[i]])
        while len(groups) > 1 and crowded(groups[-2], groups[-1], gap):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = np.empty(len(heights))
    placed[order] = np.concatenate([stacked(group, gap) for group in groups])
    return placed.tolist()


def crowded(below: list[float], above: list[float], gap: float) -> bool:
    """True where two groups of labels, each stacked, come too close."""
    return stacked(above, gap)[0] - stacked(below, gap)[-1] < gap


def stacked(group: list[float], gap: float) -> np.ndarray:
    """Return heights `gap` apart about the mean of the group."""
    return np.mean(group) + gap * (np.arange(len(group)) - (len(group) - 1) / 2)
