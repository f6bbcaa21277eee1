"""Figures of lesson 08 on what the model knows: exchanged words, and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.plots.lines import chart
from helpers.plots.theme import BASELINE, CONTRAST, GREEN, LOOKS, OURS, axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDES = {"famous": ("o", CONTRAST), "own": ("s", OURS)}
NAMED = {"famous": "famous texts", "own": "written for this lesson in 2026"}


def exchange_figure(title: str, table: dict[str, dict]) -> Figure:
    """Return a row for each text of a table of `measure_exchange`, ordered by what the
    exchange costs: as it is (hollow), and with words exchanged, the mean of the draws
    and their range."""
    rows = [name for name in table if name.partition(": ")[0] in SIDES]
    rows.sort(
        key=lambda name: sum(table[name][1]) / len(table[name][1]) - table[name][0][0]
    )
    ax = axes(title, "bits per character", size=(5.5, 4.0))
    for y, name in enumerate(rows):
        marker, colour = SIDES[name.partition(": ")[0]]
        (before,), after = table[name][0], table[name][1]
        mean = sum(after) / len(after)
        ax.plot([before, mean], [y, y], color=colour, ls="-", lw=1.2)
        ax.plot([min(after), max(after)], [y, y], color=colour, ls="-", lw=3)
        look = {"color": colour, "marker": marker, "ls": "", "ms": 5}
        ax.plot([before], [y], mfc="white", zorder=3, **look)
        ax.plot([mean], [y], **look)
    names = [name.partition(": ")[2] for name in rows]
    ax.set_yticks(range(len(rows)), names, fontsize=7)
    ax.set_xlim(0, None)
    for side, (marker, colour) in SIDES.items():
        ax.plot([], [], marker, color=colour, label=NAMED[side])
    ax.plot([], [], "o", color=BASELINE, mfc="white", label="as it is")
    ax.figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return ax.figure


def labels_figure(title: str, table: dict[str, dict], chance: float) -> Figure:
    """Return the accuracies (percent) of a table of `zero_shot.measure`: lines by
    labels per class for those that have some, with the range of the draws, and level
    lines for those that have none."""
    taught = {way: rows for way, rows in table.items() if 0 not in rows}
    free = {way: rows[0] for way, rows in table.items() if 0 in rows}
    ks = list(next(iter(taught.values())))
    lines = {
        way: [[100 * sum(shares) / len(shares) for shares in rows.values()]]
        for way, rows in taught.items()
    }
    looks = dict(zip(taught, (LOOKS[1], LOOKS[2]), strict=True))
    labels = title, "labels per class (log scale)", "paragraphs told right (%)"
    ax = chart(labels, ks, lines, looks, xscale="log", ylim=(0, 100))
    for (way, rows), shift in zip(taught.items(), (1.02, 0.98), strict=False):
        low, high = ([100 * f(rows[k]) for k in ks] for f in (min, max))
        ax.vlines([k * shift for k in ks], low, high, color=looks[way][0], lw=1)
    ax.set_xticks(ks, ks)
    ax.minorticks_off()
    dashes = iter(("-.", "--", (0, (5, 1, 1, 1))))
    for way, shares in free.items():
        height = 100 * sum(shares) / len(shares)
        ax.axhline(height, color=GREEN, ls=next(dashes), lw=1.4)
        x = 1 if height > 40 else 6  # where no line crosses the name
        ax.text(x, height + 1, way, color=GREEN, va="bottom", fontsize=9)
    ax.axhline(100 * chance, color=BASELINE, ls=":", lw=1.4)
    ax.text(6, 100 * chance - 1, "chance", color=BASELINE, va="top", fontsize=9)
    return ax.figure
