"""Figures of lesson 07 on labels: how many a way needs, and what they are good for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.plots.lines import chart
from helpers.plots.theme import BASELINE, GREEN, LOOKS, dot_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def with_chance(ax: Axes, level: float) -> Axes:
    """Return the axes of `dots` with a line at what guessing reaches, 0 to 1."""
    ax.axvline(level, color=BASELINE, linestyle=":", linewidth=1)
    ax.text(level, 1.01, "chance", transform=ax.get_xaxis_transform(), color=BASELINE)
    return ax


def dots(
    rows: dict[str, dict[str, Sequence[float]]], title: str, xlabel: str, chance: float
) -> Figure:
    """Return rows of dots, rows[row][way] a share (0 to 1) per draw, and chance."""
    ax = with_chance(dot_rows(rows, "", xlabel), chance)
    ax.set_xlim(0, 1)
    ax.figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return ax.figure


def judged_right(
    title: str, table: dict[str, dict[int, Sequence[float]]], no_label: float
) -> Figure:
    """Return the shares (0 to 1) of sentences judged right by four ways, way -> k ->
    one per draw, the baseline first; and the one that needs no label, a level line."""
    looks = dict(zip(table, (*LOOKS[:2], (GREEN, "-."), LOOKS[2]), strict=True))
    ks = list(table[next(iter(table))])
    lines = {way: in_percent(row) for way, row in table.items()}
    labels = title, "labels per class (log scale)", "sentences judged right (%)"
    ax = chart(labels, ks, lines, looks, xscale="log", ylim=(40, 106))
    ax.set_xticks(ks, ks)
    ax.minorticks_off()
    left = ax.get_yaxis_transform()
    for level, name, side in (
        (50, "chance", "top"),
        (100 * no_label, "no label", "bottom"),
    ):
        ax.axhline(level, color=BASELINE, linestyle=":", linewidth=1)
        ax.text(0.2, level, name, transform=left, color=BASELINE, va=side)
    return ax.figure


def in_percent(row: dict[int, Sequence[float]]) -> list[list[float]]:
    """Return k -> shares, one per draw, as percent: (draws, ks)."""
    return [[100 * share for share in draw] for draw in zip(*row.values(), strict=True)]
