"""Three photographs that installed packages carry, and crops of them as a data set."""

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.data.images.datasets import ImageSet, photograph

LEARNED, TESTED = 8, 7  # crops of each photograph
SMALLEST = 0.6  # of the side of the largest square in a half


def photographs() -> dict[str, Tensor]:
    """Return a temple, a dahlia and an admiral by kind: (3, H, W), RGB in 0..1."""
    from matplotlib.cbook import get_sample_data

    hopper = get_sample_data("grace_hopper.jpg", asfileobj=False)
    files = {"building": "china", "flower": "flower", "person": hopper}
    return {kind: photograph(file) for kind, file in files.items()}


def scaled_to(square_3hh: Tensor, side: int) -> Tensor:
    """Return a square picture, RGB in 0..1, at another size: (3, side, side)."""
    sizes = {"size": (side, side), "mode": "bicubic", "antialias": True}
    return F.interpolate(square_3hh[None], **sizes)[0].clamp(0, 1)


def centre(photo_3hw: Tensor, side: int) -> Tensor:
    """Return the largest square in a photograph's middle: (3, side, side)."""
    H, W = photo_3hw.shape[1:]
    kept = min(H, W)
    top, left = (H - kept) // 2, (W - kept) // 2
    square = photo_3hw[:, top : top + kept, left : left + kept]
    return scaled_to(square, side)


def crop_set(seed: int, side: int) -> tuple[ImageSet, Tensor, Tensor]:
    """Return (crops, numbers to learn, numbers to test): fifteen square crops of each
    photograph, (45, 3, side, side), drawn by the seed, the same ones at every side.

    Eight come from one half of a photograph, left or right, and seven from the other:
    no pixel is both learned and tested.
    """
    generator = torch.Generator().manual_seed(seed)
    images, labels, tested = [], [], []
    photos = photographs()
    for label, photo in enumerate(photos.values()):
        halves = photo.chunk(2, dim=2)
        first = int(torch.randint(2, (), generator=generator))
        parts = (halves[first], LEARNED, False), (halves[1 - first], TESTED, True)
        for half, count, is_test in parts:
            for _ in range(count):
                images.append(scaled_to(crop(half, generator), side))
                labels.append(label)
                tested.append(is_test)
    test = torch.tensor(tested)
    crops = ImageSet(torch.stack(images), torch.tensor(labels), tuple(photos))
    return crops, (~test).nonzero().flatten(), test.nonzero().flatten()


def crop(half_3hw: Tensor, generator: torch.Generator) -> Tensor:
    """Return a square somewhere in a half: (3, h, h)."""
    H, W = half_3hw.shape[1:]
    share = SMALLEST + (1 - SMALLEST) * torch.rand((), generator=generator).item()
    kept = int(share * min(H, W))
    top, left = (
        int(torch.randint(size - kept + 1, (), generator=generator)) for size in (H, W)
    )
    return half_3hw[:, top : top + kept, left : left + kept]
