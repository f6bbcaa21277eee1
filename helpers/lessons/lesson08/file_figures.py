"""Figures of a model's file: where its bytes are, and what a block of Q4_1 holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from helpers.models.llama.gguf import BLOCKS, Entry, decode_q4_1, tensor_place
from helpers.plots.theme import BASELINE, CONTRAST, ORANGE, OURS, SKY, axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MILLION = 1e6


def stretches(table: Sequence[Entry], first: int) -> dict[str, tuple[int, int]]:
    """Return where header, vectors of the tokens, each layer and the last norm begin
    and end, in bytes."""
    found = {"header": (0, first)}
    for row in table:
        part = ".".join(row.name.split(".")[: 2 if row.name.startswith("blk") else 1])
        begin, end = tensor_place(first, row.start, row.shape, BLOCKS[row.kind])
        low, high = found.get(part, (begin, end))
        found[part] = min(low, begin), max(high, end)
    return found


def layout_figure(table: Sequence[Entry], first: int) -> Figure:
    """Return the file drawn to scale: header, vectors of the tokens, one layer after
    another."""
    parts = stretches(table, first)
    ax = axes("One file, from its first byte to its last", size=(6.0, 1.9))
    ax.set(xlabel="place in the file (million bytes)", yticks=[], ylim=(0, 2))
    ax.grid(False)
    ax.spines["left"].set_visible(False)
    for part, (begin, end) in parts.items():
        pale = {"header": BASELINE, "token_embd": SKY}.get(part, ORANGE)
        size = (end - begin) / MILLION
        edge = "white" if part.startswith("blk") else "none"
        ax.barh(0.5, size, left=begin / MILLION, height=1, color=pale, edgecolor=edge)
    layers = [part for part in parts if part.startswith("blk")]
    spans = {
        "header": parts["header"],
        "vectors of the tokens": parts["token_embd"],
        f"{len(layers)} layers": (parts[layers[0]][0], parts[layers[-1]][1]),
    }
    for text, (begin, end) in spans.items():
        place = (begin + end) / 2 / MILLION
        if text == "header":  # too narrow for its name
            ax.text(0, 1.6, text)
        else:
            ax.text(place, 1.2, text, ha="center")
    ax.set_xlim(0, max(end for _, end in parts.values()) / MILLION)
    return ax.figure


def blocks_figure(blocks_nb: Tensor) -> Figure:
    """Return the numbers of a few blocks of Q4_1, (N, 20) uint8, in their order, each
    on the 16 levels of its block."""
    ax = axes("Every block has levels of its own", "place in the row", "weight")
    digits_nb = torch.arange(16, dtype=torch.uint8).expand(len(blocks_nb), -1)
    levels_nd = decode_q4_1(torch.cat([blocks_nb[:, :4], digits_nb], dim=1))[:, :16]
    for i, levels_d in enumerate(levels_nd.tolist()):
        ax.hlines(levels_d, 32 * i, 32 * i + 31, color=BASELINE, lw=0.6)
        if i:
            ax.axvline(32 * i - 0.5, color=CONTRAST, ls="--", lw=1)
    weights = decode_q4_1(blocks_nb).flatten().tolist()
    ax.plot(range(len(weights)), weights, "o", color=OURS, ms=4)
    ax.set(xlim=(-1, len(weights)), xticks=range(0, len(weights) + 1, 16))
    ax.grid(False)
    return ax.figure
