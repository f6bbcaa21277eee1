"""Folders of pictures as readers have them: stripes of two directions, all sorts."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from helpers.checkpoints.backbones import Backbone

CLASSES = ("across", "down")
WIDTH = 12


def striped(down: bool, size: tuple[int, int], grey: bool, rng) -> Image.Image:
    """Return a picture of noisy stripes, `size` being (width, height) in pixels."""
    width, height = size
    place = np.arange(width)[None, :] if down else np.arange(height)[:, None]
    period = max(6, (width if down else height) // 4)
    wave = np.sin(2 * np.pi * place / period + rng.uniform(0, 6))
    pixels = 128 + 90 * wave + rng.normal(0, 12, (height, width))
    tints = np.ones(3) if grey else rng.uniform(0.3, 1, 3)
    pixels = (pixels[..., None] * tints).clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if grey else pixels)


def fill(root: Path, each: int = 10, seed: int = 0) -> Path:
    """Make two classes of `each` pictures: mixed sizes, grey and colour, PNG, JPEG."""
    rng = np.random.default_rng(seed)
    for label, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for i in range(each):
            size = tuple(int(side) for side in rng.integers(24, 90, 2))
            picture = striped(bool(label), size, i % 3 == 0, rng)
            picture.save(root / name / f"{i:02}.{('png', 'jpg', 'JPEG')[i % 3]}")
    return root


def small_body() -> nn.Module:
    """Return the same small network each time: (B, 1, 16, 16) to (B, WIDTH)."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        layers = [nn.Conv2d(1, WIDTH, 5), nn.BatchNorm2d(WIDTH), nn.ReLU()]
        body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with torch.no_grad():
        body[1].running_mean.fill_(0.1)
        body[1].running_var.fill_(0.5)
    return body


STAND_IN = Backbone("the stand-in", small_body, WIDTH, 16, (0.4,), (0.25,), lr=3e-3)
