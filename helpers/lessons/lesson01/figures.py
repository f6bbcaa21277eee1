"""Figures of lesson 01: theoretical and effective receptive fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers.plots.theme import ORANGE, ORDERED, as_image, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def field_map(ax: Axes, gradient_hw, first: float, last: float) -> Axes:
    """Draw the size of a gradient, and the frame from pixel `first` to `last`.

    Logarithmic over four powers of ten; pixels with a gradient of zero stay black.
    """
    strength = np.abs(as_image(gradient_hw))
    share = strength / max(strength.max(), 1e-30)
    shade = np.where(share > 0, (np.log10(np.maximum(share, 1e-4)) + 4.5) / 4.5, 0)
    ax.imshow(shade, vmin=0, vmax=1)
    frame(ax, first, last)
    ax.set_axis_off()
    return ax


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
