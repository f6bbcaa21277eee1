"""Sample image folder for the printed page: handwritten digits as files."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from helpers.core.errors import UserError
from helpers.data.images.datasets import ImageSet, digits, shuffled

ENDINGS = ("png", "jpg", "jpeg")
SMALLEST, LARGEST = 24, 90  # pixels


def sample_folder(root: Path, each: int = 20, seed: int = 0) -> Path:
    """Fill `root`, which must not exist, with ten classes of `each` handwritten digits
    and a file that is no picture, and return it.

    Dark on light paper; PNG and JPEG, grey and colour, squares of 24 to 90 pixels.
    Raises UserError when something is there already, or for more than a class has.
    """
    source = digits()
    most = int(source.labels.bincount().min())
    if root.exists():
        raise UserError(f"{root} is there already; give a name that is free.")
    if not 1 <= each <= most:
        raise UserError(f"{each} digits of each class asked for; 1 to {most} exist.")
    generator = torch.Generator().manual_seed(seed)
    for label, name in enumerate(source.classes):
        (root / name).mkdir(parents=True)
        index = (source.labels == label).nonzero().flatten()
        chosen = index[shuffled(len(index), generator)[:each]]
        write_class(source.subset(chosen), root / name, generator)
    (root / source.classes[0] / "notes.txt").write_text(
        "This is no picture.\n", encoding="utf-8"
    )
    return root


def write_class(part: ImageSet, folder: Path, generator: torch.Generator) -> None:
    """Write the pictures (N, 1, 8, 8) of one class into a folder."""
    sides = torch.randint(SMALLEST, LARGEST + 1, (len(part),), generator=generator)
    warmth = 0.1 + 0.1 * torch.rand(len(part), 1, generator=generator)
    tints = 1 - warmth * torch.arange(3)  # less green, still less blue
    for i, side in enumerate(sides.tolist()):
        light = 1 - 0.9 * part.images[i, 0].numpy()
        scan = Image.fromarray((255 * light).astype(np.uint8))
        scan = scan.resize((side, side), Image.Resampling.BICUBIC)
        if i % 2:
            tint = [round(255 * share) for share in tints[i].tolist()]
            paper = Image.new("RGB", scan.size, tuple(tint))
            scan = Image.composite(paper, Image.new("RGB", scan.size), scan)
        scan.save(folder / f"{i:03}.{ENDINGS[i % 3]}")
