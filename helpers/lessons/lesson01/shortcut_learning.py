"""Shortcut learning: a mark in the margin that gives the label away, or misleads.

Pictures are (N, 1, 16, 16) with an empty margin of 2 pixels; a mark is 2 x 2 pixels
at one of ten places along the top and bottom edge.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.data.images.datasets import ImageSet, digits

SIDE, MARGIN, PLACES = 16, 2, 10


def framed_digits() -> ImageSet:
    """Return the real digits, 12 x 12, in the middle of 16 x 16: (1797, 1, 16, 16)."""
    digit = digits(SIDE - 2 * MARGIN)
    return ImageSet(F.pad(digit.images, (MARGIN,) * 4), digit.labels, digit.classes)


def mark(images: Tensor, places: Tensor) -> Tensor:
    """Return the pictures with a white mark at margin place 0..9 of each, (N,)."""
    images, picture = images.clone(), torch.arange(len(images))
    row = torch.where(places < PLACES // 2, 0, SIDE - MARGIN)
    column = 1 + 3 * (places % (PLACES // 2))
    for down in range(MARGIN):
        for right in range(MARGIN):
            images[picture, 0, row + down, column + right] = 1.0
    return images


def marked(dataset: ImageSet, places: Tensor) -> ImageSet:
    """Return the set with a mark in every picture: see `mark`."""
    return dataset.with_images(mark(dataset.images, places))


def erase_strip(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return the pictures with 0 to 7 rows at the top or at the bottom erased."""
    n = len(images)
    strip = torch.randint(0, SIDE // 2, (n, 1), generator=generator)
    top = torch.rand(n, 1, generator=generator) < 0.5
    row = torch.arange(SIDE)[None]
    gone = torch.where(top, row < strip, row >= SIDE - strip)
    return images.masked_fill(gone[:, None, :, None], 0.0)


def random_crop(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return a random 12 x 12 window of each picture, enlarged to 16 x 16."""
    room, inner = 2 * MARGIN + 1, SIDE - 2 * MARGIN
    corners = torch.randint(0, room, (len(images), 2), generator=generator)
    down, right = corners.unbind(dim=1)
    # Views, not copies: (N, 1, 5, 5, 12, 12), all the windows that there are.
    windows = images.unfold(2, inner, 1).unfold(3, inner, 1)
    chosen = windows[torch.arange(len(images)), :, down, right]
    return F.interpolate(chosen, (SIDE, SIDE), mode="bilinear")


def centre_crop(dataset: ImageSet) -> ImageSet:
    """Return the set cropped to its middle 12 x 12 pixels, enlarged to 16 x 16."""
    middle = dataset.images[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
    return dataset.with_images(F.interpolate(middle, (SIDE, SIDE), mode="bilinear"))


def other_labels(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Return for each label (N,) another one, at random."""
    step = torch.randint(1, PLACES, (len(labels),), generator=generator)
    return (labels + step) % PLACES
