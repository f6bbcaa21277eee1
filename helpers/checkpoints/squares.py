"""Pillow's fit to a square as a layer, so that a file can hold it with its model."""

import torch
from torch import Tensor, nn


def bicubic(distance: Tensor) -> Tensor:
    """Return Pillow's bicubic weights at distances from a pixel's centre (Keys 1981,
    with a = -1/2)."""
    d = distance.abs()
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return torch.where(d < 1, near, torch.where(d < 2, far, 0.0))


class Squares(nn.Module):
    """Pictures as they are stored to those a model reads: bytes (N, H, W, 3), of any H
    and W, to (N, 3, side, side) in 0..1, scaled to cover a square, cut to its centre.

    The same as `as_square`, up to one step of a byte in one pixel of a hundred. Of
    upright pictures recent Pillows scale rows first, and columns then: beside hard
    edges, where values are cut to bytes in between, a few steps more.
    """

    def __init__(self, side: int):
        super().__init__()
        self.side = side

    def forward(self, bytes_nhw3: Tensor) -> Tensor:
        x_n3hw = bytes_nhw3.permute(0, 3, 1, 2).float()
        H, W = x_n3hw.shape[2:]
        kept = torch.sym_min(H, W)
        x_n3hw = whole(x_n3hw @ self.scaling(W, kept).T)  # columns first, as Pillow
        return whole(self.scaling(H, kept) @ x_n3hw) / 255

    def scaling(self, size: int, kept: int) -> Tensor:
        """Return the matrix (side, size) that scales the `kept` pixels in the middle
        of an axis to `side`."""
        step = kept / self.side
        centres = (torch.arange(self.side) + 0.5) * step + (size - kept) / 2
        away = torch.arange(size) + 0.5 - centres[:, None]
        weights = bicubic(away / torch.sym_max(step, 1.0))
        return weights / weights.sum(dim=1, keepdim=True)


def whole(values: Tensor) -> Tensor:
    """Return values as bytes would hold them, as floats."""
    return values.round().clamp(0, 255)
