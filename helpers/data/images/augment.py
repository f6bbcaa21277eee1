"""Data augmentation for images, each varied on its own by the caller's generator.

(torchvision's transforms vary a whole batch alike, from the global generator.)
"""

import math

import torch
import torch.nn.functional as F


def augment(
    images: torch.Tensor,
    size: int,
    generator: torch.Generator,
    stroke: bool = True,
    contrast: float = 0.3,
    noise: float = 0.05,
    **geometry,
) -> torch.Tensor:
    """Return varied `images` (N, C, H, W), in 0..1, as (N, C, size, size).

    Stroke width, then `warp` (which takes `geometry`), mean over blocks, then up to
    the share `contrast` of the light lost, and noise of this standard deviation.
    Every effect draws its numbers even when it is off (0, or False), so switching
    one off changes no other.
    """
    n = len(images)
    pens = torch.randint(4, (n,), generator=generator)
    if stroke:
        images = draw_with(images, pens)
    images = F.adaptive_avg_pool2d(warp(images, generator, **geometry), size)
    images = images * (1 - contrast * torch.rand(n, 1, 1, 1, generator=generator))
    images = images + noise * torch.randn(images.shape, generator=generator)
    return images.clamp(0, 1)


def warp(
    images: torch.Tensor,
    generator: torch.Generator,
    rotation: float = 15.0,
    shear: float = 0.25,
    scale: tuple[float, float] = (0.75, 1.05),
    shift: float = 0.08,
    elastic: float = 0.06,
) -> torch.Tensor:
    """Return `images` (N, C, H, W) moved and bent, what comes in being 0.

    At most `rotation` degrees and `shear` as a slope; a scale between the two; shift
    and elastic waves of at most these fractions of the width.
    """
    n, _, height, width = images.shape
    theta = affine(n, generator, rotation, shear, scale, shift)
    grid = F.affine_grid(theta, images.shape, align_corners=False)
    waves = 2 * elastic * signed((n, 2, 4, 4), generator)
    waves = F.interpolate(waves, (height, width), mode="bicubic", align_corners=True)
    grid = grid + waves.permute(0, 2, 3, 1)
    return F.grid_sample(images, grid, align_corners=False)


def affine(
    n: int,
    generator: torch.Generator,
    rotation: float,
    shear: float,
    scale: tuple[float, float],
    shift: float,
) -> torch.Tensor:
    """Return (n, 2, 3) maps from output to input coordinates, as affine_grid wants."""
    angle = math.radians(rotation) * signed((n,), generator)
    slant = shear * signed((n,), generator)
    low, high = scale
    across, down = 1 / (low + (high - low) * torch.rand(2, n, generator=generator))
    offset = 2 * shift * signed((n, 2, 1), generator)  # the width is 2 in coordinates
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros(n)
    turned = torch.stack([cos, -sin, sin, cos], 1).view(n, 2, 2)
    stretched = torch.stack([across, slant, zero, down], 1).view(n, 2, 2)
    return torch.cat([stretched @ turned, offset], 2)


def signed(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Return numbers drawn evenly from -1..1."""
    return 2 * torch.rand(shape, generator=generator) - 1


def draw_with(images: torch.Tensor, pens: torch.Tensor) -> torch.Tensor:
    """Return `images` (N, C, H, W) with one pen each, (N,): 0 leaves the strokes as
    drawn, 1 makes them bold, 2 bolder, 3 thin."""
    images = images.clone()
    images[pens == 1] = F.max_pool2d(images[pens == 1], 3, 1, 1)
    images[pens == 2] = F.max_pool2d(images[pens == 2], 5, 1, 2)
    full = images[pens == 3]
    thin = -F.max_pool2d(-full, 3, 1, 1)
    # A hairline would vanish: what loses half of its ink stays as drawn.
    survives = thin.sum((1, 2, 3), True) > 0.5 * full.sum((1, 2, 3), True)
    images[pens == 3] = torch.where(survives, thin, full)
    return images


def shift_each(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return `images` (N, C, H, W), each moved by -1, 0 or 1 pixel down and across;
    what comes in is 0."""
    n, _, height, width = images.shape
    down, right = torch.randint(3, (2, n), generator=generator)
    # Views, not copies: (N, C, 3, 3, H, W), the nine places a picture can move to.
    windows = F.pad(images, (1, 1, 1, 1)).unfold(2, height, 1).unfold(3, width, 1)
    return windows[torch.arange(n), :, down, right]
