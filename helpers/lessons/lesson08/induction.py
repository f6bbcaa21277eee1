"""Induction heads: random tokens read twice, and heads to compare the best with."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from helpers.plots.theme import BASELINE, CONTRAST, OURS, SKY, axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from helpers.analysis.head_ablation import Head
    from helpers.models.llama.blocks import Sizes


def random_tokens(n: int, sizes: Sizes, seed: int) -> Tensor:
    """Return n tokens drawn from all that a model knows, each as likely: (n,)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(sizes.symbols, (n,), generator=generator)


def induction_scores(weights_bntt: Tensor, n: int) -> Tensor:
    """Return the mean weight of each head on the token after the earlier copy, (N,):
    over all texts and the last n positions, which repeat the n before them (Olsson et
    al. 2022, arXiv:2209.11895)."""
    second_n = torch.arange(n, 2 * n)
    return weights_bntt[:, :, second_n, second_n - n + 1].mean(dim=(0, 2))


def same_layers(best: list[Head], n_heads: int, seed: int) -> list[Head]:
    """Return as many heads of the same layers, drawn among those that are not best."""
    draw, chosen = random.Random(seed), []
    for layer in dict.fromkeys(layer for layer, _ in best):
        wanted = sum(layer == other for other, _ in best)
        free = [head for head in range(n_heads) if (layer, head) not in best]
        chosen += [(layer, head) for head in draw.sample(free, min(wanted, len(free)))]
    return chosen


def positions_figure(nats_bt: Tensor, symbols: int) -> Figure:
    """Return the loss at each position of texts that repeat their first half: their
    range, the mean, and the guess "all tokens alike" as a line."""
    labels = "The same tokens, a second time", "position", "loss (nats per token)"
    ax = axes(*labels, size=(6.0, 2.8))
    places = list(range(2, nats_bt.shape[1] + 2))
    low_t, high_t = nats_bt.amin(dim=0), nats_bt.amax(dim=0)
    ax.fill_between(places, low_t, high_t, color=SKY, lw=0)
    ax.plot(places, nats_bt.mean(dim=0), color=OURS, lw=2)
    ax.axhline(math.log(symbols), color=BASELINE, ls=":")
    ax.text(places[-1] + 1, math.log(symbols), "ln V", color=BASELINE, va="center")
    half = (nats_bt.shape[1] + 1) // 2
    ax.axvline(half + 0.5, color=BASELINE, ls="--", lw=1)
    ax.text(half + 2, ax.get_ylim()[1], "second time", color=BASELINE, va="top")
    ax.set(ylim=(0, None), xlim=(1, places[-1]))
    return ax.figure


def scores_figure(scores_ln: Tensor, best: list[Head]) -> Figure:
    """Return the map of all heads' scores, layers to the right, the best ringed."""
    title = "Very few heads look one further"
    ax = axes(title, "layer (from 0)", "head (from 0)", size=(6.0, 2.9))
    picture = ax.imshow(scores_ln.T.numpy(), vmin=0, vmax=1, aspect="auto")
    layers, heads = zip(*best, strict=True)
    ax.plot(layers, heads, "o", mfc="none", mec=CONTRAST, ms=11, mew=1.8)
    ax.set_yticks(range(scores_ln.shape[1]))
    ax.grid(False)
    ax.figure.colorbar(picture, label="weight on that token")
    return ax.figure
