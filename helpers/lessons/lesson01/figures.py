"""Figures of lesson 01: windows, and theoretical and effective receptive fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers.plots.diagrams import canvas
from helpers.plots.theme import (
    BASELINE,
    CONTRAST,
    ORANGE,
    ORDERED,
    OURS,
    SIGNED,
    as_image,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

FAINTEST = 1e-4  # share of the largest gradient that a field map still tells apart
CELL = 0.3  # inches per pixel of a drawn picture
GAP, RISE = 0.22, 0.46  # inches between two pixels, and between two levels


def sliding_window(side: int, kernel: int, stride: int) -> Figure:
    """Return a drawing of two neighbouring units and the windows that they look
    through, in a picture of `side` pixels without padding."""
    places = (side - kernel) // stride + 1
    high = side * CELL + 0.75
    ax = canvas(5.6, high, f"A window of {kernel} × {kernel}, stride {stride}")
    top = high - 0.4
    right = 0.3 + side * CELL + 1.7
    middle = top - (side - places) * CELL / 2
    cells(ax, (0.3, top), side)
    cells(ax, (right, middle), places)
    for unit, colour in enumerate((OURS, CONTRAST)):
        start = 0.3 + unit * stride * CELL
        square(ax, (start, top), kernel * CELL, colour)
        square(ax, (right + unit * CELL, middle), CELL, colour)
        for down in (0, 1):
            xs = start + kernel * CELL, right + unit * CELL
            ys = top - down * kernel * CELL, middle - down * CELL
            ax.plot(xs, ys, color=colour, lw=1, ls=("-", "--")[unit])
    ax.text(0.3, top + 0.1, f"picture, {side} × {side}", fontsize=9)
    ax.text(right, middle + 0.1, f"units, {places} × {places}", fontsize=9)
    below = top - side * CELL - 0.22
    text = f"the next unit looks {stride} pixels further"
    ax.text(0.3, below, text, fontsize=9, color=CONTRAST)
    return ax.figure


def cells(ax: Axes, corner: tuple[float, float], side: int) -> None:
    """Draw side × side empty cells down from the upper left corner, in inches."""
    left, top = corner
    for row in range(side):
        for column in range(side):
            at = left + column * CELL, top - row * CELL
            square(ax, at, CELL, BASELINE, 0.6, 0)


def square(ax: Axes, corner, side: float, colour: str, width=2.0, tint=0.25) -> None:
    """Draw a square down from its upper left corner, in inches."""
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    left, top = corner
    face = to_rgba(colour, tint)
    look = {"facecolor": face, "edgecolor": colour, "lw": width}
    ax.add_patch(Rectangle((left, top - side), side, side, **look))


def units_seen(layers: list[tuple[int, int]]) -> list[int]:
    """Return how many units of each level the last unit sees, the picture's first, for
    a stack of (kernel, stride) layers."""
    seen = [1]
    for kernel, stride in reversed(layers):
        seen.insert(0, (seen[0] - 1) * stride + kernel)
    return seen


def field_growth(layers: list[tuple[int, int]], names: list[str]) -> Figure:
    """Return a drawing of what one unit sees, level by level down to the pixels, along
    one axis: a dot is a unit, a line a connection.

    `layers`: (kernel, stride), the first at the picture; `names`: one for each.
    """
    seen = units_seen(layers)
    half = seen[0] * GAP / 2
    middle = 1.6 + half
    title = f"One unit at the top sees {seen[0]} pixels"
    ax = canvas(middle + half + 1.2, RISE * len(layers) + 0.5, title)
    jump, below = 1, []
    for level, count in enumerate(seen):
        kernel, stride = layers[level - 1] if level else (0, 1)
        jump *= stride
        places = middle + GAP * jump * (np.arange(count) - (count - 1) / 2)
        y = 0.25 + RISE * level
        for unit, x in enumerate(places):
            for start in below[unit * stride : unit * stride + kernel]:
                ax.plot(
                    (start, x), (y - RISE, y), "-", color=BASELINE, lw=0.7, zorder=1
                )
        colour = CONTRAST if level == len(layers) else OURS
        ax.plot(places, [y] * count, "o", ms=6, color=colour, zorder=2)
        what = names[level - 1] if level else "pixels"
        ax.text(0.1, y, what, va="center", fontsize=9)
        ax.text(middle + half + 0.1, y, f"{count} seen", va="center", fontsize=9)
        below = places
    return ax.figure


def kernels_and_maps(before, after, picture_hw, maps_chw) -> Figure:
    """Return a figure of a first layer: its kernels (C, K, K) before and after
    training, all on one scale, and below each its map of one picture, on its own."""
    figure = new_figure(figsize=(9.0, 2.3))
    grid = figure.subplots(3, len(before) + 1)
    largest = max(abs(as_image(kernels)).max() for kernels in (before, after))
    signed = {"cmap": SIGNED, "vmin": -largest, "vmax": largest}
    for ax in grid.flat:
        ax.set_axis_off()
    for ax, text in zip(grid[:2, 0], ("before", "after"), strict=True):
        ax.text(0, 0.5, text, va="center", fontsize=9, transform=ax.transAxes)
    grid[2, 0].imshow(as_image(picture_hw), cmap="gray")
    for column, axes in enumerate(grid[:, 1:].T):
        axes[0].imshow(as_image(before[column]), **signed)
        drawn = axes[1].imshow(as_image(after[column]), **signed)
        axes[2].imshow(as_image(maps_chw[column]), cmap=ORDERED, vmin=0)
    figure.colorbar(drawn, ax=list(grid[:2].flat), label="weight", pad=0.01)
    return figure


def chance(ax: Axes, per_cent: float) -> None:
    """Draw an upright line where guessing would be, and say so."""
    ax.axvline(per_cent, color=BASELINE, ls=":", lw=1.2, zorder=0)
    ax.annotate(
        f"chance {per_cent:.0f}",
        (per_cent, 1),
        xycoords=("data", "axes fraction"),
        xytext=(3, -3),
        textcoords="offset points",
        va="top",
        fontsize=8,
        color=BASELINE,
    )


def chance_level(ax: Axes, per_cent: float) -> None:
    """Draw a level line where guessing would be, and say so."""
    ax.axhline(per_cent, color=BASELINE, ls=":", lw=1.2, zorder=0)
    ax.text(0, per_cent, f"chance {per_cent:.0f}", va="bottom", fontsize=8)


def colour_key(figure: Figure, panels, drawn: AxesImage, label: str) -> None:
    """Put one colour bar under all panels."""
    bar = figure.colorbar(drawn, ax=panels, location="bottom", shrink=0.5, aspect=40)
    bar.set_label(label, fontsize=9)


def field_map(ax: Axes, gradient_hw, first: float, last: float) -> AxesImage:
    """Draw the size of a gradient, and the frame from pixel `first` to `last`.

    Logarithmic over four powers of ten; pixels with a gradient of zero are white.
    """
    from matplotlib.colors import LogNorm

    strength = np.abs(as_image(gradient_hw))
    share = strength / max(strength.max(), 1e-30)
    shown = np.ma.masked_where(share == 0, np.maximum(share, FAINTEST))
    drawn = ax.imshow(shown, norm=LogNorm(FAINTEST, 1))
    frame(ax, first, last)
    ax.set_axis_off()
    return drawn


def frame(ax: Axes, first: float, last: float) -> None:
    """Draw a square around the pixels `first` to `last` of both axes."""
    from matplotlib.patches import Rectangle

    low, side = first - 0.5, last - first + 1
    ax.add_patch(Rectangle((low, low), side, side, fill=False, color=ORANGE, lw=2))


def field_over(picture_hw, weight_hw, width: float) -> Figure:
    """Return a figure of a field over the middle of a picture.

    `weight_hw`: the effective field, as colour; its frame is the theoretical one.
    `width`: its standard deviation in pixels; four of them are called used.
    """
    picture, weight = as_image(picture_hw), as_image(weight_hw)
    side = max(picture.shape[0], weight.shape[0] + 4)
    figure = new_figure(figsize=(3.6, 3.8))
    ax = figure.subplots()
    for image, colours, opacity in ((picture, "gray", 1), (weight, ORDERED, 0.75)):
        low = (side - image.shape[0]) / 2 - 0.5
        extent = (low, low + image.shape[0], low + image.shape[0], low)
        ax.imshow(image, cmap=colours, alpha=opacity, extent=extent)
    frame(ax, low + 0.5, low + weight.shape[0] - 0.5)
    ax.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5), facecolor="black")
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"sees {weight.shape[0]} pixels, uses about {4 * width:.0f}")
    return figure
