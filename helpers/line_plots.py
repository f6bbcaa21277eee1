"""Several lines in one picture, each labelled at its end, no label over another."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from helpers.plotting import TINT, label_end

GAP = 15  # points between two labels, a little more than their height


def compare(
    ax: Axes,
    x: Sequence[float],
    lines: dict[str, Sequence[Sequence[float]]],
    looks: dict[str, tuple[str, str]],
    marker: str = "",
    legend: bool = False,
) -> Axes:
    """Draw every entry of `lines`, (seeds, points): runs thin, their mean thick.

    `looks`: (colour, dash) by the entry's name, or by the part before its first comma.
    Set scales and limits of `ax` before: the labels are spread for these. With
    `legend`, names stand there instead of at the ends. KeyError for a missing look.
    """
    ends = {}
    for name, runs in lines.items():
        colour, style = looks[name] if name in looks else looks[name.partition(",")[0]]
        runs = np.asarray(runs, dtype=float)
        mean = runs.mean(axis=0)
        if len(runs) > 1:
            ax.plot(x, runs.T, color=colour, alpha=TINT, linewidth=0.8, linestyle=style)
        ax.plot(x, mean, color=colour, linestyle=style, marker=marker, label=name)
        ends[name] = mean[-1], colour
    if legend:
        handles = [line for line in ax.lines if line.get_label() in lines]
        ax.legend(handles=handles, frameon=False)
    else:
        label_ends(ax, x[-1], ends)
    return ax


def label_ends(ax: Axes, x: float, ends: dict[str, tuple[float, str]]) -> None:
    """Write each name right of its line's end (y, colour), `GAP` points apart."""
    wanted = {name: height(ax, x, y) for name, (y, _) in ends.items()}
    moved = spread(list(wanted.values()), GAP)
    for (name, (y, colour)), old, new in zip(
        ends.items(), wanted.values(), moved, strict=True
    ):
        label_end(ax, x, y, name, colour, up=new - old)


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
