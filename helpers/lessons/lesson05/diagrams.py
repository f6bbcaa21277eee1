"""Drawings of a block in both orders of its norms, and of where masks sit in three
models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.plots.diagrams import arrow, box, canvas
from helpers.plots.theme import BASELINE, CONTRAST, OURS, SKY, YELLOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, HIGH = 1.0, 0.36  # inches: a box
ROUND = 0.3  # inches: the box of a sum
STEP = 1.05  # inches from one box to the next
NORM_LAST = "attention", "+", "norm", "FFN", "+", "norm"
NORM_FIRST = "norm", "attention", "+", "norm", "FFN", "+"
COLOURS = {"norm": YELLOW, "attention": SKY, "FFN": "#A8DCC8", "+": "white"}


def block_figure() -> Figure:
    """Return a block drawn twice: its norms last, and its norms first."""
    ax = canvas(8.2, 2.7, "One block: the blue road carries x from left to right")
    draw_block(ax, NORM_LAST, 1.75, "norm last (2017)")
    draw_block(ax, NORM_FIRST, 0.4, "norm first (GPT-2)")
    return ax.figure


def draw_block(ax: Axes, parts: tuple[str, ...], y: float, name: str) -> None:
    """Draw a block from left to right at height `y`: its parts one after the other,
    and over every branch the road to the sum behind it."""
    ax.text(0.1, y + 0.72, name, fontsize=10)
    ax.text(0.1, y, "x", fontsize=10, va="center")
    left, road = 0.25, 0.42  # where the last box ended, and where the road divides
    on_road = True
    for i, part in enumerate(parts):
        x = 1.2 + i * STEP
        size = (ROUND, ROUND) if part == "+" else (WIDE - 0.2, HIGH)
        edge = x - size[0] / 2
        summed = part == "+"
        alone = part == "norm" and parts[i - 1 : i] == ("+",) and parts[0] != "norm"
        colour = OURS if alone or (on_road and not summed) else BASELINE
        arrow(ax, (left, y), (edge, y), colour=colour)
        box(ax, (x, y), part, size, COLOURS[part])
        if summed:
            over = (road, y), (road, y + 0.5), (x, y + 0.5), (x, y + ROUND / 2)
            arrow(ax, *over, colour=OURS)
        left = x + size[0] / 2
        on_road = summed or alone
        if on_road:
            road = left + 0.12
    arrow(ax, (left, y), (left + 0.45, y), colour=OURS)


def mask_places_figure() -> Figure:
    """Return BERT, GPT and an encoder-decoder as chains of parts, each attention with
    the mask that it is given."""
    ax = canvas(8.2, 4.3, "Where the masks sit (norms and sums left out)")
    draw_chain(ax, 3.65, "BERT", {"self-attention": "padding"})
    draw_chain(ax, 2.6, "GPT", {"self-attention": "the future"})
    draw_chain(ax, 1.55, "encoder", {"self-attention": "the source's padding"})
    looks = {"self-attention": "the future"}
    looks["cross-attention"] = "the source's padding"
    draw_chain(ax, 0.55, "decoder", looks)
    read = (7.2, 1.55), (8.0, 1.55), (8.0, 0.12), (4.85, 0.12), (4.85, 0.37)
    arrow(ax, *read, colour=OURS)
    ax.text(6.1, 0.17, "keys, values", fontsize=9, color=OURS)
    return ax.figure


def draw_chain(ax: Axes, y: float, name: str, looks: dict[str, str]) -> None:
    """Draw a model at height `y`: tokens, its attentions, each under the mask that it
    is given, its FFN, and what comes out."""
    ax.text(0.1, y, name, fontsize=10, va="center", weight="bold")
    out = {"GPT": "logits", "decoder": "logits"}.get(name, "states")
    xs = [1.5, *(2.95 + 1.9 * i for i in range(len(looks))), 6.4]
    names = ["tokens", *looks, "FFN"]
    for x, part in zip(xs, names, strict=True):
        wide = 1.3 if part in looks else 0.8
        box(ax, (x, y), part, (wide, HIGH), SKY if part in looks else "white")
        if part in looks:
            arrow(ax, (x - 0.5, y + 0.45), (x - 0.5, y + HIGH / 2), colour=CONTRAST)
            hidden = f"hides {looks[part]}"
            ax.text(x - 0.62, y + 0.48, hidden, fontsize=9, color=CONTRAST)
    widths = [0.8, *(1.3 for _ in looks), 0.8]
    for i in range(len(xs) - 1):
        start, end = xs[i] + widths[i] / 2, xs[i + 1] - widths[i + 1] / 2
        arrow(ax, (start, y), (end, y))
    arrow(ax, (xs[-1] + 0.4, y), (7.2, y))
    ax.text(7.25, y, out, fontsize=9, va="center" if name != "encoder" else "bottom")
