"""Lines that mark a level or a place in a figure, each with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK = {"color": "black", "lw": 0.8}


def mark_level(
    ax: Axes, y: float, text: str, x: float, ends: tuple[float, float]
) -> None:
    """Draw a thin line at height y from one end to the other, no further: names of
    curves stand beyond. Its own name stands above it, from x on."""
    ax.plot(ends, (y, y), **LOOK)
    above = {"xytext": (0, 2), "textcoords": "offset points"}
    ax.annotate(text, (x, y), fontsize=9, va="bottom", **above)


def mark_place(ax: Axes, x: float, text: str, y: float) -> None:
    """Draw a thin upright line at x; its name ends left of it, at height y."""
    ax.axvline(x, **LOOK)
    left = {"xytext": (-3, 0), "textcoords": "offset points"}
    ax.annotate(text, (x, y), fontsize=9, ha="right", va="center", **left)
