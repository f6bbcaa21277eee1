"""Figures of the inside: loss after each block and without it, sinks, mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from helpers.lessons.lesson08.classical_mistakes import RIGHT
from helpers.lessons.lesson08.left_out import BLIND, added
from helpers.plots.theme import (
    BASELINE,
    CONTRAST,
    GREEN,
    OURS,
    axes,
    panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FLOOR = 0.02  # nats; what adds less is drawn there
LOOKS = {
    "block": (BASELINE, "D", ":"),
    "attention": (OURS, "o", "-"),
    "MLP": (CONTRAST, "s", "--"),
}


def level(ax: Axes, y: float, text: str, at: float = 0.01) -> None:
    """Draw a dotted line at a height and name it, at a part of the width."""
    ax.axhline(y, color=BASELINE, linestyle=":", linewidth=1)
    across = ax.get_yaxis_transform()
    ax.text(at, y, text, transform=across, color=BASELINE, va="bottom")


def range_and_mean(ax: Axes, places, runs: list[list[float]], colour: str) -> None:
    """Draw the range of some runs as a band, and their mean as a line."""
    columns = list(zip(*runs, strict=True))
    low, high = [min(column) for column in columns], [max(column) for column in columns]
    ax.fill_between(places, low, high, color=colour, alpha=0.25, lw=0)
    ax.plot(places, [sum(c) / len(c) for c in columns], color=colour, lw=2)


def read_off_figure(table: dict) -> Figure:
    """Return the losses that the head reads off the stream after each block, of a
    table of `left_out.measure`; and a line at what a blind guess costs."""
    blocks = [k for k in table["read off"] if k > 0]
    runs = list(zip(*(table["read off"][k] for k in blocks), strict=True))
    xlabel, ylabel = "blocks that have run", "loss (nats per token)"
    title = "The loss falls late"
    ax = axes(title, xlabel, ylabel, size=(6, 2.9))
    ax.set(xlim=(1, max(blocks)), ylim=(0, 25))
    range_and_mean(ax, blocks, runs, OURS)
    level(ax, BLIND, "every token equally likely")
    return ax.figure


def added_figure(table: dict) -> Figure:
    """Return what leaving out a block, its attention or its MLP adds to the loss: the
    mean of the texts, on a log scale that ends at FLOOR."""
    labels = "A few parts stand out", "block left out", "added loss (nats, log scale)"
    ax = axes(*labels, size=(6, 3))
    ax.set(yscale="log", ylim=(FLOOR * 0.8, 20), xlim=(-0.5, len(table["MLP"]) - 0.5))
    for way, (colour, marker, dash) in LOOKS.items():
        mean_l = added(table, way).mean(dim=1).clamp(min=FLOOR)
        ax.plot(mean_l, marker=marker, ms=4, color=colour, ls=dash, lw=1, label=way)
    ticks = (FLOOR, 0.1, 1, 10)
    ax.set_yticks(ticks, [f"≤ {FLOOR}", "0.1", "1", "10"])
    ax.minorticks_off()
    ax.legend(frameon=False, ncols=3, loc="upper right")
    return ax.figure


def sink_figure(ratio_lb: torch.Tensor, share_lb: torch.Tensor) -> Figure:
    """Return two panels over the blocks: how many times longer the first token's state
    is than the others' before each block and after the last (L + 1, texts), and the
    share of attention that goes to it in each (L, texts)."""
    figure, (above, below) = panels(2, 1, (6, 3.9))
    for ax, values, colour in ((above, ratio_lb, OURS), (below, share_lb, CONTRAST)):
        runs = values.T.tolist()
        range_and_mean(ax, range(len(values)), runs, colour)
        ax.set_xlim(0, len(ratio_lb) - 1)
    above.set(yscale="log", ylabel="times others' (log)")
    above.set_yticks([1, 10, 100], ["1", "10", "100"])
    above.minorticks_off()
    above.set_title("Length of the first token's state, before each block")
    level(above, 1, "as long as the others", at=0.5)
    below.set(ylim=(0, 1), ylabel="share of attention", xlabel="block")
    below.set_title("Attention that goes to it, in each block")
    return figure


def mistakes_figure(losses: dict[str, torch.Tensor]) -> Figure:
    """Return each mistake's losses by their mean: the range of the texts as a line, the
    mean as a bar."""
    names = sorted(losses, key=lambda name: losses[name].mean())
    ax = axes("What each mistake costs", "loss (nats per token)", size=(6, 3.6))
    for y, name in enumerate(names):
        colour = GREEN if name == RIGHT else CONTRAST
        ax.hlines(y, losses[name].min(), losses[name].max(), color=colour, lw=5)
        ax.plot([losses[name].mean()], [y], "|", color="black", ms=14)
    ax.set(yticks=range(len(names)), yticklabels=names, xlim=(0, None))
    ax.invert_yaxis()
    ax.grid(axis="x")
    ax.grid(axis="y", visible=False)
    return ax.figure
