"""Multi-head self-attention drawn as boxes and arrows, each with its shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.plots.diagrams import arrow, box, canvas
from helpers.plots.theme import BASELINE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALE = "#DCEBF5"
MAPS = {"queries": 2.5, "keys": 1.5, "values": 0.5}  # and the height of each


def multi_head_layer() -> Axes:
    """Return the layer drawn from its input x to its output, with all shapes."""
    ax = canvas(8.0, 3.0, "Multi-head self-attention")
    size = (1.3, 0.52)
    box(ax, (0.6, 1.5), "x\n(B, T, C)", (0.95, 0.52))
    for name, y in MAPS.items():
        box(ax, (2.2, y), f"{name}\n(B, N, T, D)", size, PALE)
        arrow(ax, (1.08, 1.5), (1.28, 1.5), (1.28, y), (1.55, y))
    ax.text(1.05, 2.85, "in_proj", fontsize=9, color=BASELINE)
    box(ax, (3.95, 2.0), "q · k / √D\n(B, N, T, T)", size)
    box(ax, (5.55, 2.0), "mask, softmax\n(B, N, T, T)", size)
    box(ax, (5.55, 0.5), "mean of values\n(B, N, T, D)", size)
    box(ax, (7.2, 0.5), "heads joined\n(B, T, C)", size)
    box(ax, (7.2, 2.0), "output\n(B, T, C)", size, PALE)
    arrow(ax, (2.85, 2.5), (3.05, 2.5), (3.05, 2.1), (3.3, 2.1))
    arrow(ax, (2.85, 1.5), (3.05, 1.5), (3.05, 1.9), (3.3, 1.9))
    arrow(ax, (4.6, 2.0), (4.9, 2.0))
    arrow(ax, (5.55, 1.74), (5.55, 0.76), text="weights")
    arrow(ax, (2.85, 0.5), (4.9, 0.5))
    arrow(ax, (6.2, 0.5), (6.55, 0.5))
    arrow(ax, (7.2, 0.76), (7.2, 1.74), text="out_proj")
    return ax
