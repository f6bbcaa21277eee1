"""Boxes and arrows: the drawing of a block, a gate or a window, in inches."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from helpers.plots.theme import BASELINE, fixed_figure, placed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import FancyBboxPatch

GAP = 0.04  # inches between an arrow's tip and what it points at
Point = tuple[float, float]


def canvas(width: float, height: float, title: str = "") -> Axes:
    """Return empty axes on a figure of `width` × `height` inches, whose coordinates are
    inches too, from the lower left corner; a title takes its own room above."""
    head = 0.35 if title else 0.0
    ax = placed(fixed_figure(width, height + head), 0, 0, width, height)
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
    if title:
        ax.text(0.08, height + 0.1, title, fontsize=11, clip_on=False)
    return ax


def box(
    ax: Axes, middle: Point, text: str, size: Point = (1.1, 0.36), colour: str = "white"
) -> FancyBboxPatch:
    """Draw a box with its text inside, around `middle`, and return it."""
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = middle, size
    shape = FancyBboxPatch(
        (x - width / 2, y - height / 2),
        width,
        height,
        boxstyle="round,pad=0,rounding_size=0.05",
        facecolor=colour,
        edgecolor="black",
        linewidth=1,
    )
    ax.add_patch(shape)
    ax.text(x, y, text, ha="center", va="center", fontsize=9)
    return shape


def arrow(
    ax: Axes, *points: Point, text: str = "", colour: str = BASELINE, dashed=False
) -> None:
    """Draw a line through all points, with a tip at the last; `text` stands beside the
    middle of its longest part. Raises ValueError for fewer than two points."""
    if len(points) < 2:
        raise ValueError(f"an arrow needs two points or more, got {len(points)}")
    look = {"color": colour, "lw": 1.4, "ls": "--" if dashed else "-"}
    before, tip = points[-2:]
    if points[:-2]:
        ax.plot(*zip(*points[:-1], strict=True), **look, solid_capstyle="round")
    style = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 72 * GAP, **look}
    ax.annotate("", tip, before, arrowprops=style)
    if text:
        parts = list(pairwise(points))
        (x, y), (u, v) = max(parts, key=length)
        flat = abs(u - x) >= abs(v - y)
        side = {"ha": "center", "va": "bottom"} if flat else {"ha": "left"}
        off = (0, 0.05) if flat else (0.07, 0)
        where = (x + u) / 2 + off[0], (y + v) / 2 + off[1]
        ax.text(*where, text, fontsize=9, color=colour, **side)


def length(part: tuple[Point, Point]) -> float:
    """Return the length of a straight part."""
    (x, y), (u, v) = part
    return ((u - x) ** 2 + (v - y) ** 2) ** 0.5
