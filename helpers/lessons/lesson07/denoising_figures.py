"""Figures of lesson 07: arrows of denoisers, cleaned pictures, accuracy by labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from helpers.lessons.lesson07.denoising import PCA
from helpers.plots.lines import chart
from helpers.plots.theme import (
    BASELINE,
    GREEN,
    LOOKS,
    OURS,
    PURPLE,
    as_image,
    bare,
    panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 30  # arrows: more would cover each other
DASHES = (GREEN, "-."), (PURPLE, (0, (8, 2)))  # a fourth line and a fifth


def arrows(
    title: str, noisy_np: Tensor, clean_np: Tensor, ends: dict[str, Tensor], pca: PCA
) -> Figure:
    """Return one panel per entry of `ends`: arrows from noisy pictures (N, P) to where
    a denoiser puts them, (N, P), and dots at the clean ones; the same axes for all, the
    two widest directions of `pca`."""
    figure, axs = panels(1, len(ends), (3.1 * len(ends), 3.5))
    starts, homes = (pca.features(x_np[:SHOWN], 2) for x_np in (noisy_np, clean_np))
    for ax, (name, ends_np) in zip(axs, ends.items(), strict=True):
        one_panel(ax, starts, pca.features(ends_np[:SHOWN], 2), homes)
        ax.set(title=name, xlabel="widest direction", xlim=(-2.6, 2.6))
        ax.set(ylim=(-2.6, 2.6), aspect="equal")
    axs[0].set_ylabel("second widest")
    axs[0].legend(loc="lower left", frameon=False, handletextpad=0.2)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def one_panel(ax: Axes, starts_n2: Tensor, ends_n2: Tensor, homes_n2: Tensor) -> None:
    """Draw arrows from starts to ends and a dot at each home, joined to its end by a
    thin line."""
    between = [homes_n2.T.numpy(), ends_n2.T.numpy()]
    xs, ys = ([between[0][i], between[1][i]] for i in (0, 1))
    ax.plot(xs, ys, "-", color=BASELINE, linewidth=0.6)
    ax.plot(*homes_n2.T, "o", color=BASELINE, markersize=3.5, label="clean picture")
    steps = (ends_n2 - starts_n2).T
    style = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.008}
    ax.quiver(*starts_n2.T, *steps, color=OURS, **style)


def cleaned(title: str, rows: dict[str, Tensor], columns: int = 8) -> Figure:
    """Return a row of pictures for each entry, (N, 64), its name at the left; 0 is
    black and 1 white in all of them, and what lies beyond is cut."""
    figure, axs = panels(len(rows), columns, (6.0, 0.68 * len(rows) + 0.4))
    bare(axs, [""] * len(axs))
    for row, (name, pictures_np) in enumerate(rows.items()):
        line = axs[row * columns : (row + 1) * columns]
        for ax, picture_p in zip(line, pictures_np, strict=False):
            ax.imshow(as_image(picture_p.view(8, 8)), cmap="gray", vmin=0, vmax=1)
        left = line[0].transAxes
        line[0].text(-0.15, 0.5, name, transform=left, ha="right", va="center")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def by_labels(
    title: str, table: dict[str, dict[int, list[float]]], ways: Sequence[str]
) -> Figure:
    """Return the share of paragraphs told right (way -> k -> one per draw) against the
    number of labels, on a logarithmic axis: draws as dots, means as lines."""
    ks = sorted(table[ways[0]])
    looks = dict(zip(ways, (*LOOKS, *DASHES), strict=False))
    means = {w: [[100 * mean(table[w][k]) for k in ks]] for w in ways}
    labels = title, "labels per library (log scale)", "paragraphs told right (%)"
    ax = chart(labels, ks, means, looks, xscale="log", ylim=(0, 85))
    for way in ways:
        for k in ks:
            at = [k] * len(table[way][k]), [100 * right for right in table[way][k]]
            ax.plot(*at, ".", color=looks[way][0], alpha=0.4)
    chance = 100 / 6
    ax.axhline(chance, color="black", linestyle=":", linewidth=1)
    ax.text(0.01, chance - 1, "chance", transform=ax.get_yaxis_transform(), va="top")
    ax.set_xticks(ks, ks)
    ax.minorticks_off()
    return ax.figure


def mean(values: Sequence[float]) -> float:
    """Return the mean of values."""
    return sum(values) / len(values)
