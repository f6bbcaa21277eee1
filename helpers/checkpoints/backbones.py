"""Pretrained image backbones, with their input normalisation and a new head."""

import copy
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.adaptation.transfer import backbone_and_head

# What the eye sees of red, green and blue (ITU-R BT.601, as PIL has it).
LUMA = (0.299, 0.587, 0.114)


class Reading(nn.Module):
    """Resize and normalise pictures for a backbone: (B, 3, H, W) in 0..1 to
    (B, C, size, size), grey where there is one mean, by `mean` and `std` (C,).

    As a layer of the model it is also applied at test time, and exported with it.
    """

    def __init__(self, size: int, mean: tuple[float, ...], std: tuple[float, ...]):
        super().__init__()
        self.size = size
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))
        self.register_buffer("luma", torch.tensor(LUMA).view(-1, 1, 1))

    def forward(self, x_b3hw: Tensor) -> Tensor:
        if len(self.mean) == 1:
            x_b3hw = (x_b3hw * self.luma).sum(dim=1, keepdim=True)
        return (F.adaptive_avg_pool2d(x_b3hw, self.size) - self.mean) / self.std


@dataclass(frozen=True)
class Backbone:
    """A pretrained feature extractor: `body()` gives a fresh pretrained network that
    turns pictures (B, C, size, size), normalised by `mean` and `std` (C,), C = 1 or
    3, into features (B, width). Fine-tuned at the peak learning rate `lr`, with `batch`
    pictures a step."""

    name: str
    body: Callable[[], nn.Module]
    width: int
    size: int
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    lr: float = 3e-3
    batch: int = 32


def with_head(backbone: Backbone, classes: int) -> nn.Sequential:
    """Return `reading`, `body` and a new `head` in a row: pictures (B, 3, H, W) in
    0..1 to logits (B, K). The head starts at zero: every class is as likely."""
    head = nn.Linear(backbone.width, classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    reading = Reading(backbone.size, backbone.mean, backbone.std)
    parts = [("reading", reading), ("body", backbone.body()), ("head", head)]
    return nn.Sequential(OrderedDict(parts))


def course_backbone(net: nn.Module, lightness: float = 0.0, size: int = 8) -> Backbone:
    """Return the backbone of the course's own small network `net`, which was trained
    on grey strokes, light on black: (B, 1, size, size) -> logits, by a last layer `fc`.

    Where the pictures' `lightness` (see `background_lightness`) is above 0.5, it reads
    negatives.
    """
    body, head = backbone_and_head(net)
    light = lightness > 0.5
    mean, std = ((1.0,), (-1.0,)) if light else ((0.0,), (1.0,))  # 1 - x, or x
    fresh = partial(copy.deepcopy, body)
    return Backbone(
        "the course's own weights", fresh, head.in_features, size, mean, std
    )


def background_lightness(images: Tensor) -> float:
    """Return how light the edges of pictures (N, C, H, W) are on average, 0 to 1."""
    top, sides = images[..., [0, -1], :], images[..., [0, -1]]
    return ((top.mean() + sides.mean()) / 2).item()
