"""Diagrams of the blocks: the branch from top to bottom, the shortcut beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.plots.diagrams import arrow, box, canvas
from helpers.plots.theme import OURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMN, ROW = 3.4, 0.62  # inches
MIDDLE, ROAD = 1.05, 2.65  # of a column: where the branch and the shortcut run
PALE = "#DCEBF5"

Block = tuple[str, tuple[str, ...], str | None]  # name, branch, shortcut

INPUT, LAST = "3 × 3 conv, norm, ReLU", "3 × 3 conv, norm"
PLAIN: Block = ("plain", (INPUT, LAST), None)
RESIDUAL: Block = ("residual", (INPUT, LAST), "")
IDENTITY: Block = ("identity block", (INPUT, LAST), "")
PROJECTION: Block = (
    "projection block",
    ("3 × 3 conv, stride 2,\nnorm, ReLU", LAST),
    "1 × 1 conv,\nstride 2, norm",
)
WIDE: Block = (
    "two 3 × 3 convolutions",
    ("3 × 3 conv, 256 → 256,\nnorm, ReLU", "3 × 3 conv, 256 → 256,\nnorm"),
    "",
)
BOTTLENECK: Block = (
    "bottleneck",
    (
        "1 × 1 conv, 256 → 64,\nnorm, ReLU",
        "3 × 3 conv, 64 → 64,\nnorm, ReLU",
        "1 × 1 conv, 64 → 256,\nnorm",
    ),
    "",
)


def draw_blocks(*blocks: Block) -> Axes:
    """Return axes with one column for each block.

    A block is its name, the boxes of its branch, and its shortcut: None for no
    shortcut, "" for x as it is, or the text of a box on the way.
    """
    high = ROW * max(len(branch) for _, branch, _ in blocks) + 1.75
    ax = canvas(COLUMN * len(blocks), high)
    for i, block in enumerate(blocks):
        draw_block(ax, COLUMN * i, high, block)
    return ax


def draw_block(ax: Axes, left: float, top: float, block: Block) -> None:
    """Draw one block into a column."""
    (name, branch, shortcut), x = block, left + MIDDLE
    ax.text(left + 0.1, top - 0.15, name, fontsize=10, va="center", weight="bold")
    start = top - ROW * 0.75
    ax.text(x, start + 0.02, "x", ha="center", va="bottom", fontsize=10, style="italic")
    below = start
    for i, text in enumerate(branch):
        y = start - ROW * (i + 0.75)
        arrow(ax, (x, below), (x, y + 0.2))
        box(ax, (x, y), text, (1.8, 0.4))
        below = y - 0.2
    y = below - ROW * (0.55 if shortcut is None else 0.8)
    if shortcut is not None:
        arrow(ax, (x, below), (x, y + 0.14), text="F(x)")
        box(ax, (x, y), "+", (0.28, 0.28), PALE)
        draw_shortcut(ax, (x, start), (left + ROAD, (start + y) / 2), y, shortcut)
        below, y = y - 0.14, y - ROW * 0.7
    arrow(ax, (x, below), (x, y + 0.15))
    box(ax, (x, y), "ReLU", (0.7, 0.3))


def draw_shortcut(
    ax: Axes,
    start: tuple[float, float],
    middle: tuple[float, float],
    end: float,
    text: str,
) -> None:
    """Draw the road of x past the branch, with a box on it where there is a text."""
    (x, top), (road, halfway) = start, middle
    corner = (x, top - 0.08), (road, top - 0.08)
    last = (road, end), (x + 0.14, end)
    if text:
        arrow(ax, *corner, (road, halfway + 0.2), colour=OURS)
        box(ax, middle, text, (1.15, 0.4), PALE)
        arrow(ax, (road, halfway - 0.2), *last, colour=OURS)
    else:
        arrow(ax, *corner, *last, colour=OURS)
        ax.text(road + 0.07, halfway, "x", color=OURS, fontsize=10, style="italic")
