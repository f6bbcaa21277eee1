"""Near-copies: pictures that are the same but for how they were saved."""

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.data.images.datasets import ImageSet

SIDE = 16  # pixels of the thumbnails that are compared, in colour
NEAR = 4 / 255  # how far they may differ on the mean: JPEG, palettes, other sizes
SHARE = 0.1  # and as a share of the picture's own spread: pale ones differ little


def near_copies(pictures: ImageSet) -> Tensor:
    """Return one number for each picture (N, 3, H, W) in 0..1, the same for copies:
    int64 (N,), N up to a few thousand.

    Copies have the same pixels, or thumbnails of 16 x 16 that hardly differ: one
    picture saved again as JPEG, in another format or size. Copies of copies are
    copies. Numbers of pictures without a near-copy are those of `unique`. A class that
    would be nothing but copies of one picture, as a camera that never moves makes it,
    could not be split: there only the same pixels count, and a line says so.
    """
    _, exact_n = pictures.images.flatten(1).unique(dim=0, return_inverse=True)
    same_n = joined(exact_n, pictures.images)
    for label, name in enumerate(pictures.classes):
        mine_n = pictures.labels == label
        if len(same_n[mine_n].unique()) < 2 <= len(exact_n[mine_n].unique()):
            print(
                f"All of {name!r} look alike: only equal pixels count as copies there."
            )
            same_n[mine_n] = exact_n[mine_n]
    return same_n


def joined(exact_n: Tensor, images: Tensor) -> Tensor:
    """Return the numbers (N,) with those of near-copies made one."""
    same_n = exact_n.clone()
    small_nd = F.adaptive_avg_pool2d(images, SIDE).flatten(1)
    allowed_n = (SHARE * small_nd.std(dim=1)).clamp(max=NEAR)
    apart_nn = torch.cdist(small_nd, small_nd, p=1) / small_nd.shape[1]
    for i, apart_n in enumerate(apart_nn):
        near = apart_n[:i] < allowed_n[:i].minimum(allowed_n[i])
        groups = torch.cat([same_n[:i][near], same_n[i : i + 1]]).unique()
        if len(groups) > 1:
            same_n[torch.isin(same_n, groups)] = groups[0]
    return same_n
