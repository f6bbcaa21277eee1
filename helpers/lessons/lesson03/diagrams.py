"""One step of an LSTM drawn as boxes and arrows: the cell's way and its three gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.plots.diagrams import arrow, box, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALE, DOT = "#DCEBF5", (0.36, 0.36)
TOP, BOTTOM = 2.5, 0.55  # heights of the cell's way and of the four blocks


def lstm_step_diagram() -> Axes:
    """Return one step: above the cell, only scaled and added to; below the four blocks
    that are computed from the input and the last h."""
    ax = canvas(8.0, 3.0, "One step of an LSTM")
    box(ax, (0.6, TOP), "old c", (0.8, 0.4), PALE)
    box(ax, (0.6, BOTTOM), "input x\nold h", (0.8, 0.52))
    blocks = {
        "forget gate f\nsigmoid": 2.0,
        "input gate i\nsigmoid": 3.35,
        "candidate g\ntanh": 4.7,
        "output gate o\nsigmoid": 6.05,
    }
    for text, x in blocks.items():
        box(ax, (x, BOTTOM), text, (1.2, 0.52))
        arrow(ax, (1.0, BOTTOM), (1.2, BOTTOM), (1.2, 0.12), (x, 0.12), (x, 0.29))
    for at in ((2.0, TOP), (4.0, 1.55), (6.05, 1.55)):
        box(ax, at, "×", DOT)
    box(ax, (4.0, TOP), "+", DOT)
    box(ax, (6.05, 2.08), "tanh", (0.6, 0.3))
    box(ax, (7.35, TOP), "new c", (0.8, 0.4), PALE)
    box(ax, (7.35, 1.55), "new h", (0.8, 0.4))
    arrow(ax, (1.0, TOP), (1.82, TOP))
    arrow(ax, (2.18, TOP), (3.82, TOP), text="what stays")
    arrow(ax, (4.18, TOP), (6.95, TOP))
    arrow(ax, (2.0, 0.81), (2.0, TOP - 0.18))
    arrow(ax, (3.35, 0.81), (3.35, 1.55), (3.82, 1.55))
    arrow(ax, (4.7, 0.81), (4.7, 1.55), (4.18, 1.55))
    arrow(ax, (4.0, 1.73), (4.0, TOP - 0.18), text="what is written")
    arrow(ax, (6.05, TOP), (6.05, 2.23))
    arrow(ax, (6.05, 1.93), (6.05, 1.73))
    arrow(ax, (6.05, 0.81), (6.05, 1.37))
    arrow(ax, (6.23, 1.55), (6.95, 1.55))
    return ax
