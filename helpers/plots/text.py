"""Heatmaps along a text: one column per symbol, the text itself as ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ft2font import FT2Font

from helpers.plots.theme import ORDERED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE_END = "⏎"
STAND_INS = {"\n": LINE_END, "\t": "⇥", " ": "␣"}  # what else would not be seen


def drawable(text: Sequence[str]) -> list[str]:
    """Return each symbol as the figures' font can draw it: blanks and line ends by a
    sign, what the font lacks by "□" (a warning on the page would be no help)."""
    from matplotlib import font_manager

    font = FT2Font(font_manager.findfont("DejaVu Sans"))
    known = font.get_charmap()
    seen = [STAND_INS.get(symbol, symbol) for symbol in text]
    return [s if all(ord(c) in known for c in s) else "□" for s in seen]


def strip(
    ax: Axes,
    values_rt,
    text: Sequence[str],
    rows: Sequence[str] = (),
    colours: str = ORDERED,
    limits: tuple[float, float] = (0, 1),
    label: str = "",
) -> Axes:
    """Draw values (R, T) as a map above the T symbols of a text, with a colour bar."""
    low, high = limits
    values = np.asarray(values_rt)
    image = ax.imshow(values, aspect="auto", cmap=colours, vmin=low, vmax=high)
    ax.set_xticks(range(len(text)), drawable(text), parse_math=False)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0)
    ax.grid(False)
    if label:
        ax.figure.colorbar(image, ax=ax, label=label, pad=0.01)
    return ax
