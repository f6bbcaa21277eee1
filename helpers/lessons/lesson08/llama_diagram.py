"""Drawing of lesson 05's block above this lesson's, what changed in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.plots.diagrams import arrow, box, canvas
from helpers.plots.theme import BASELINE, OURS, SKY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, HIGH, ROUND, STEP = 1.16, 0.5, 0.3, 1.3  # inches
GPT = (
    "layer norm",
    "attention\n9 × (q, k, v)",
    "+",
    "layer norm",
    "GELU\n2 matrices",
    "+",
)
LLAMA = (
    "RMSNorm",
    "attention\n9 × q, 3 × (k, v)",
    "+",
    "RMSNorm",
    "SwiGLU\n3 matrices",
    "+",
)


def block_figure() -> Figure:
    """Return two blocks: lesson 05's, and ours now, with its new parts coloured."""
    ax = canvas(8.6, 3.0, "Same roads, other parts")
    draw_block(ax, GPT, 2.05, "lesson 05: with biases", "white")
    draw_block(ax, LLAMA, 0.45, "now: no biases", SKY)
    return ax.figure


def draw_block(ax: Axes, parts: tuple, y: float, name: str, colour: str) -> None:
    """Draw a block from left to right at height `y`, and its road around a branch."""
    ax.text(0.1, y + 0.72, name, fontsize=10)
    ax.text(0.1, y, "x", fontsize=10, va="center")
    left, road = 0.25, 0.38  # where the last box ended, where the road divides
    for i, part in enumerate(parts):
        x, summed = 1.15 + i * STEP, part == "+"
        wide = ROUND if summed else WIDE
        fill = "white" if summed else colour
        arrow(ax, (left, y), (x - wide / 2, y), colour=BASELINE if i % 3 else OURS)
        box(ax, (x, y), part, (wide, ROUND if summed else HIGH), fill)
        left = x + wide / 2
        if summed:
            over = (road, y), (road, y + 0.5), (x, y + 0.5), (x, y + ROUND / 2)
            arrow(ax, *over, colour=OURS)
            road = left + 0.08
    arrow(ax, (left, y), (left + 0.3, y), colour=OURS)
