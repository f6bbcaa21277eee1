"""Attention masks as figures: which token may attend to which."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from matplotlib.colors import ListedColormap
from matplotlib.ft2font import FT2Font
from torch import Tensor

from helpers.plots.text import drawable
from helpers.plots.theme import OURS, fixed_figure, placed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HIDDEN = "#E0E0E0"
CELL, LINE = 0.28, 0.19  # inches: a pair's square, and a line of text
ROOM = 1.2  # inches that a grid has at least, for its name and its labels
TICKS = 9  # points


def joined(source_ss: Tensor, target_tt: Tensor, across_ts: Tensor) -> Tensor:
    """Return one mask of an encoder-decoder's three, the source's tokens first:
    (S + T, S + T); no token of the source may look at the target."""
    never_st = torch.zeros_like(across_ts.mT)
    upper, lower = [source_ss, never_st], [across_ts, target_tt]
    return torch.cat([torch.cat(row, dim=1) for row in (upper, lower)])


def mask_row(
    masks: dict[str, Tensor], words: dict[str, Sequence[str]], split: dict | None = None
) -> Figure:
    """Return masks (T, T), True where a row's token may look at a column's, side by
    side under their names; `words[name]` are the T tokens of a mask, and lines are
    drawn before number `split[name]`, where another sequence begins.

    Raises ValueError for a mask that is not bool (T, T), and without any.
    """
    check_masks(masks, words)
    words = {name: drawable(words[name]) for name in masks}
    titles = {name: wrapped(name, len(words[name])) for name in masks}
    lefts, wide = left_edges(words)
    foot = 2.5 * LINE + max(map(tick_length, words.values())) + 0.1
    head = LINE * max(title.count("\n") + 1 for title in titles.values()) + 0.15
    top = foot + CELL * max(map(len, words.values()))
    figure = fixed_figure(wide, top + head)
    for name, mask_tt in masks.items():
        side = CELL * len(words[name])
        ax = placed(figure, lefts[name], top - side, side, side)
        draw_mask(ax, mask_tt, words[name], (split or {}).get(name))
        ax.set_title(titles[name], parse_math=False)
    explain(figure)
    return figure


def check_masks(masks: dict[str, Tensor], words: dict[str, Sequence[str]]) -> None:
    """Raise ValueError for a mask that is not bool (T, T), and without any."""
    if not masks:
        raise ValueError("a row of masks needs a mask")
    for name, mask_tt in masks.items():
        T = len(words[name])
        if mask_tt.dtype != torch.bool or mask_tt.shape != (T, T):
            raise ValueError(
                f"the mask {name!r} is {mask_tt.dtype} {tuple(mask_tt.shape)}; for its "
                f"{T} tokens it has to be torch.bool {(T, T)}"
            )


def wrapped(name: str, T: int) -> str:
    """Return the name in lines as wide as a grid of T tokens."""
    return textwrap.fill(name, int(max(ROOM, CELL * T) / 0.09))


def tick_length(words: Sequence[str]) -> float:
    """Return the inches that the longest word takes beside a grid."""
    from matplotlib import font_manager

    font = FT2Font(font_manager.findfont("DejaVu Sans"))
    font.set_size(TICKS, 72)
    widths = []
    for word in words:
        font.set_text(word)
        widths.append(font.get_width_height()[0] / 64 / 72)
    return max(widths) + 0.1


def left_edges(words: dict[str, Sequence[str]]) -> tuple[dict[str, float], float]:
    """Return where each grid begins, with its ticks before it, and the whole width."""
    lefts, end = {}, 0.1
    for name, tokens in words.items():
        lefts[name] = end + LINE + tick_length(tokens) + 0.1
        end = lefts[name] + max(ROOM, CELL * len(tokens)) + 0.2
    return lefts, end


def draw_mask(ax: Axes, mask_tt: Tensor, words: Sequence[str], split) -> None:
    """Draw one mask, the first row on top, and the lines before token `split`."""
    look = {"cmap": ListedColormap([HIDDEN, OURS]), "vmin": 0, "vmax": 1}
    ax.pcolormesh(mask_tt.int().numpy(), edgecolors="white", linewidth=1.5, **look)
    T = len(words)
    middles = [place + 0.5 for place in range(T)]
    ax.set_xticks(middles, words, rotation=90, fontsize=TICKS, parse_math=False)
    ax.set_yticks(middles, words, fontsize=TICKS, parse_math=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(0, T), ylim=(T, 0), xlabel="is looked at", ylabel="looks")
    if split is not None:
        line = {"color": "black", "lw": 1.2, "ls": "-", "clip_on": False}
        ax.plot([-0.4, T], [split, split], **line)
        ax.plot([split, split], [0, T + 0.4], **line)


def explain(figure: Figure) -> None:
    """Add a legend for the two colours at the bottom."""
    from matplotlib.patches import Patch

    colours = {"may look": OURS, "hidden": HIDDEN}
    handles = [Patch(color=colour, label=name) for name, colour in colours.items()]
    look = {"frameon": False, "fontsize": 9, "handlelength": 1, "borderaxespad": 0.2}
    figure.legend(handles=handles, loc="lower left", ncols=2, **look)
