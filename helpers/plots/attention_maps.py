"""Attention maps: weights of queries on keys, and an overview of all heads."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from helpers.plots.text import drawable
from helpers.plots.theme import ORANGE, ORDERED, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

WEIGHT = "attention weight"
CELL, SMALLEST, LARGEST = 0.26, 1.6, 5.2  # inches: a token's place, a map's side
PAGE = 5.8  # inches that maps side by side share
TICK, LETTER = 0.16, 0.085  # inches that a tick needs across, and a letter along
LETTERS = 14  # of the longest tick


def attention_map(
    weights_qk,
    keys: Sequence[str],
    queries: Sequence[str] | None = None,
    title: str = "",
    top: float = 1,
) -> Figure:
    """Return a map of weights (Tq, Tk) with its tokens as ticks.

    Where the queries are not the keys, as in an alignment, `queries` names them.
    `top`: the weight from which on colours do not change. Raises ValueError for
    weights of another shape.
    """
    return attention_row({title: weights_qk}, keys, queries, top)


def attention_row(
    maps: dict[str, object],
    keys: Sequence[str],
    queries: Sequence[str] | None = None,
    top: float = 1,
) -> Figure:
    """Return maps (Tq, Tk) of the same tokens side by side, each under its name, with
    one colour bar; the queries are named at the first. Raises ValueError for weights
    of another shape, and without a map."""
    if not maps:
        raise ValueError("a row of attention maps needs a map")
    queries = keys if queries is None else queries
    cell = cell_side(len(keys), len(queries), len(maps))
    figure = new_figure(figsize=figure_size(cell, keys, queries, len(maps)))
    row = figure.subplots(1, len(maps), squeeze=False, sharey=True)[0]
    for ax, (name, weights_qk) in zip(row, maps.items(), strict=True):
        image = draw_map(ax, weights_qk, keys, queries, cell)
        image.set_clim(0, top)
        letters = max(8, int(cell * len(keys) / LETTER))
        ax.set_title(textwrap.fill(name, letters), parse_math=False)
        ax.label_outer()
    # Long beside a tall map, and never too short for its label.
    part = min(1, 2.2 / (cell * len(queries)))
    look = {"shrink": part, "aspect": 14, "extend": "neither" if top >= 1 else "max"}
    figure.colorbar(image, ax=list(row), label=WEIGHT, **look)
    return figure


def cell_side(n_keys: int, n_queries: int, n_maps: int) -> float:
    """Return the inches of a token's place, so that few tokens make no tiny map and
    many no huge one."""
    most = max(n_keys, n_queries)
    wanted = max(CELL, SMALLEST / most)
    return min(wanted, LARGEST / most, PAGE / n_maps / n_keys)


def figure_size(
    cell: float, keys: Sequence[str], queries: Sequence[str], n_maps: int
) -> tuple[float, float]:
    """Return width and height in inches of maps with their ticks, titles and bar."""
    left, below = (LETTER * max(map(len, names(t))) + 0.4 for t in (queries, keys))
    wide = n_maps * (cell * len(keys) + 0.15) + left + 0.9
    return wide, max(cell * len(queries) + below, 2.2) + 0.4


def draw_map(
    ax: Axes, weights_qk, keys: Sequence[str], queries: Sequence[str], cell: float
) -> AxesImage:
    """Draw one map whose tokens have `cell` inches each and return it as an image;
    where ticks would touch, only every second, third, … token has one. Raises
    ValueError unless the weights are (queries, keys)."""
    weights = torch.as_tensor(weights_qk).detach().cpu().numpy()
    if weights.shape != (len(queries), len(keys)):
        raise ValueError(
            f"the weights are {weights.shape}, the tokens {len(queries)}, {len(keys)}"
        )
    image = ax.imshow(weights, cmap=ORDERED)
    step = math.ceil(TICK / cell)
    for axis, tokens in ((ax.xaxis, keys), (ax.yaxis, queries)):
        shown = names(tokens)[::step]
        axis.set_ticks(range(0, len(tokens), step), shown, parse_math=False)
    ax.tick_params(axis="x", rotation=90)
    ax.tick_params(length=2 if step > 1 else 0)
    ax.set(xlabel="key", ylabel="query")
    ax.grid(False)
    return image


def names(tokens: Sequence[str]) -> list[str]:
    """Return the tokens as ticks: drawable, and not too long."""
    short = [t if len(t) <= LETTERS else t[: LETTERS - 1] + "…" for t in tokens]
    return drawable(short)


def head_overview(weights_ln, job: str) -> Figure:
    """Return a map of the weight that every head puts on a job, (L, N) from 0 to 1;
    the largest is framed and written down. Layers and heads count from 0."""
    from matplotlib.patches import Rectangle

    weights = np.asarray(weights_ln)
    figure = new_figure(figsize=(6, 3))
    ax = figure.subplots()
    image = ax.imshow(weights, cmap=ORDERED, vmin=0, vmax=1)
    layer, head = np.unravel_index(weights.argmax(), weights.shape)
    best = weights[layer, head]
    box = Rectangle((head - 0.5, layer - 0.5), 1, 1, fill=False, ec=ORANGE, lw=2.5)
    ax.add_patch(box)
    look = {"ha": "center", "va": "center", "fontsize": 8}
    ax.text(head, layer, f"{best:.2f}", color="wk"[int(best > 0.5)], **look)
    ax.set_xticks(range(weights.shape[1]))
    ax.set_yticks(range(weights.shape[0]))
    ax.set(xlabel="head", ylabel="layer", title=f"Where heads look: {job}")
    ax.tick_params(length=0)
    ax.grid(False)
    figure.colorbar(image, ax=ax, label=f"mean {WEIGHT}", shrink=0.9)
    return figure
