"""Convolution and receptive fields: what lesson 01 builds."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def output_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return how many places a window can take along an axis of `size` pixels."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def patches(
    x_bchw: Tensor, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    """Return what each window sees: (B, C, H, W) -> (B, C, K*K, H', W')."""
    H, W = (
        output_size(size, kernel, stride, padding, dilation)
        for size in x_bchw.shape[2:]
    )
    x_bchw = F.pad(x_bchw, (padding,) * 4)
    views = []
    for i in range(kernel):
        for j in range(kernel):
            top, left = i * dilation, j * dilation
            rows = slice(top, top + stride * (H - 1) + 1, stride)
            columns = slice(left, left + stride * (W - 1) + 1, stride)
            views.append(x_bchw[:, :, rows, columns])
    return torch.stack(views, dim=2)


def conv2d(
    x_bchw: Tensor,
    weight_ockk: Tensor,
    bias_o: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """Return the dot product of each window with each kernel: (B, O, H', W').

    `weight_ockk`: (O, C / groups, K, K). Square kernels, equal on both axes.
    """
    O, C, K, _ = weight_ockk.shape
    seen = patches(x_bchw, K, stride, padding, dilation)
    B, _, _, H, W = seen.shape
    seen = seen.reshape(B, groups, C * K * K, H, W)
    kernels = weight_ockk.reshape(groups, O // groups, C * K * K)
    y_bohw = torch.einsum("bgphw,gop->bgohw", seen, kernels).reshape(B, O, H, W)
    return y_bohw if bias_o is None else y_bohw + bias_o[:, None, None]


def conv_matrix(weight_kk: Tensor, height: int, width: int) -> Tensor:
    """Return the matrix M with M @ x.flatten() = conv2d(x).flatten(): (H'*W', H*W)."""
    basis = torch.eye(height * width, dtype=weight_kk.dtype)
    pictures = basis.reshape(-1, 1, height, width)  # one pixel lit in each
    return conv2d(pictures, weight_kk[None, None]).flatten(1).T


@dataclass(frozen=True)
class Field:
    """What one unit sees along one axis, in pixels of the picture."""

    size: int = 1  # pixels from the first to the last one seen
    jump: int = 1  # pixels between the centres of two neighbouring units
    start: float = 0.0  # centre of the first unit's field

    def grow(
        self, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> "Field":
        """Return the field one layer further on (Araujo et al. 2019, section 2)."""
        span = dilation * (kernel - 1)
        return Field(
            self.size + span * self.jump,
            self.jump * stride,
            self.start + (span / 2 - padding) * self.jump,
        )


def receptive_field(layers: list[tuple[int, ...]]) -> Field:
    """Return the field of a stack of (kernel, stride, padding, dilation) layers."""
    field = Field()
    for layer in layers:
        field = field.grow(*layer)
    return field


def input_gradient(net: nn.Module, x_bchw: Tensor) -> Tensor:
    """Return d(middle unit, summed over its channels) / d(picture): (B, H, W)."""
    x_bchw = x_bchw.detach().clone().requires_grad_()
    y_bohw = net(x_bchw)
    middle_bo = y_bohw[:, :, y_bohw.shape[2] // 2, y_bohw.shape[3] // 2]
    (gradient_bchw,) = torch.autograd.grad(middle_bo.sum(), x_bchw)
    return gradient_bchw.sum(dim=1)


def measured_field(gradient_hw: Tensor) -> tuple[int, int, int]:
    """Return (first row, last row, rows) of the pixels with a non-zero gradient."""
    rows = (gradient_hw != 0).any(dim=1).nonzero().flatten().tolist()
    if not rows:
        return 0, -1, 0
    return rows[0], rows[-1], rows[-1] - rows[0] + 1


class SmallCNN(nn.Module):
    """Two rounds of convolve, keep what is positive, pool; then one linear layer."""

    def __init__(self, classes: int, size: int = 16, width: int = 16):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(2 * width * (size // 4) ** 2, classes)

    def forward(self, x_bchw: Tensor) -> Tensor:
        x_bchw = self.pool(self.conv1(x_bchw).relu())
        x_bchw = self.pool(self.conv2(x_bchw).relu())
        return self.head(x_bchw.flatten(1))
